//! Groups by text, by the numbers that texts have in the dictionaries of data files.
//!
//! A file stores a text that occurs often once, and each row's number of it. The first stage of a
//! grouping looks each text of a dictionary up once and after that only at numbers; the engine's
//! own looks at every row's text. What comes out is what the engine's own first stage gives, so
//! the second is the engine's.

mod as_dictionary;
mod exec;
mod groups;
mod rule;
mod stream;

pub(crate) use as_dictionary::AsDictionary;
pub(crate) use rule::GroupingRule;

#[cfg(test)]
mod tests;
