//! The path language of the SQL standard (`lax $.a[*]?(@.b > 1)`), for `json_exists`, `json_value`
//! and `json_query`: [`parse`] compiles a path once per batch, [`evaluate`] runs it on JSON text.

pub(crate) mod evaluate;
mod item;
mod lexer;
pub(crate) mod parse;
mod predicate;

pub(crate) use evaluate::evaluate;
pub(crate) use parse::StandardPath;

#[cfg(test)]
mod tests;
