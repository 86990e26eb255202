//! How statements are read: DataFusion's generic SQL, in which `->` and `->>` after a document bind
//! like `::` and not like a comparison, so that `details->>'user' = 'kim'` means what it does in
//! PostgreSQL.

use std::any::TypeId;

use datafusion::common::{DataFusionError, Result};
use datafusion::execution::SessionState;
use datafusion::sql::parser::{DFParserBuilder, Statement};
use datafusion::sql::sqlparser::ast::{Expr, ExprWithAlias};
use datafusion::sql::sqlparser::dialect::{Dialect, GenericDialect, Precedence};
use datafusion::sql::sqlparser::parser::{Parser, ParserError};
use datafusion::sql::sqlparser::tokenizer::Token;

/// Reads one statement.
///
/// # Errors
/// It is wrong, or there is not exactly one.
pub(crate) fn statement(state: &SessionState, sql: &str) -> Result<Statement> {
    let limit = state.config().options().sql_parser.recursion_limit.get();
    let parser = DFParserBuilder::new(sql).with_dialect(&Headwater(GenericDialect));
    let mut statements = parser.with_recursion_limit(limit).build()?.parse_statements()?;
    let first = statements.pop_front();
    match first {
        Some(statement) if statements.is_empty() => Ok(statement),
        Some(_) => {
            let message = "one statement at a time, please: there are several".to_owned();
            Err(DataFusionError::NotImplemented(message))
        }
        None => Err(DataFusionError::Plan("there is no statement".to_owned())),
    }
}

/// Reads a condition.
///
/// # Errors
/// It is wrong.
pub(crate) fn condition(state: &SessionState, sql: &str) -> Result<ExprWithAlias> {
    let limit = state.config().options().sql_parser.recursion_limit.get();
    let parser = DFParserBuilder::new(sql).with_dialect(&Headwater(GenericDialect));
    parser.with_recursion_limit(limit).build()?.parse_into_expr()
}

/// The generic dialect with operators for JSON.
#[derive(Debug)]
struct Headwater(GenericDialect);

/// Answers as the generic dialect does.
macro_rules! as_generic {
    ($($method:ident),* $(,)?) => {
        $(fn $method(&self) -> bool {
            self.0.$method()
        })*
    };
}

impl Dialect for Headwater {
    fn dialect(&self) -> TypeId {
        self.0.dialect()
    }

    fn is_delimited_identifier_start(&self, letter: char) -> bool {
        self.0.is_delimited_identifier_start(letter)
    }

    fn is_identifier_start(&self, letter: char) -> bool {
        self.0.is_identifier_start(letter)
    }

    fn is_identifier_part(&self, letter: char) -> bool {
        self.0.is_identifier_part(letter)
    }

    /// A number below zero behind an arrow: the sign is that of the number, not of what follows.
    fn parse_prefix(&self, parser: &mut Parser<'_>) -> Option<Result<Expr, ParserError>> {
        if !is_arrow(&parser.get_current_token().token) {
            return None;
        }
        let [sign, number] = parser.peek_tokens::<2>();
        let (Token::Minus, Token::Number(..)) = (sign, number) else { return None };
        Some(parser.parse_number())
    }

    fn get_next_precedence(&self, parser: &Parser<'_>) -> Option<Result<u8, ParserError>> {
        is_arrow(&parser.peek_token_ref().token)
            .then(|| Ok(self.prec_value(Precedence::DoubleColon) + 1))
    }

    as_generic! {
        supports_unicode_string_literal,
        supports_partition_by_after_order_by,
        supports_array_join_syntax,
        supports_group_by_expr,
        supports_group_by_with_modifier,
        supports_left_associative_joins_without_parens,
        supports_connect_by,
        supports_match_recognize,
        supports_pipe_operator,
        supports_start_transaction_modifier,
        supports_window_function_null_treatment_arg,
        supports_dictionary_syntax,
        supports_window_clause_named_window_reference,
        supports_parenthesized_set_variables,
        supports_select_wildcard_except,
        support_map_literal_syntax,
        allow_extract_custom,
        allow_extract_single_quotes,
        supports_extract_comma_syntax,
        supports_create_view_comment_syntax,
        supports_parens_around_table_factor,
        supports_values_as_table_factor,
        supports_create_index_with_clause,
        supports_explain_with_utility_options,
        supports_limit_comma,
        supports_update_order_by,
        supports_from_first_select,
        supports_projection_trailing_commas,
        supports_asc_desc_in_column_definition,
        supports_try_convert,
        supports_bitwise_shift_operators,
        supports_comment_on,
        supports_load_extension,
        supports_named_fn_args_with_assignment_operator,
        supports_struct_literal,
        supports_empty_projections,
        supports_nested_comments,
        supports_multiline_comment_hints,
        supports_user_host_grantee,
        supports_string_escape_constant,
        supports_array_typedef_with_brackets,
        supports_match_against,
        supports_set_names,
        supports_comma_separated_set_assignments,
        supports_filter_during_aggregation,
        supports_select_wildcard_exclude,
        supports_data_type_signed_suffix,
        supports_interval_options,
        supports_quote_delimited_string,
        supports_select_wildcard_replace,
        supports_select_wildcard_ilike,
        supports_select_wildcard_rename,
        supports_optimize_table,
        supports_install,
        supports_detach,
        supports_prewhere,
        supports_with_fill,
        supports_limit_by,
        supports_interpolate,
        supports_settings,
        supports_select_format,
        supports_comment_optimizer_hint,
        supports_constraint_keyword_without_name,
        supports_key_column_option,
        supports_comma_separated_trim,
        supports_cte_without_as,
        supports_select_item_multi_column_alias,
        supports_xml_expressions,
    }
}

const fn is_arrow(token: &Token) -> bool {
    matches!(token, Token::Arrow | Token::LongArrow)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    /// The tree of an expression, without brackets that were written.
    fn tree(sql: &str) -> String {
        fn show(expr: &Expr) -> String {
            match expr {
                Expr::BinaryOp { left, op, right } => {
                    format!("[{} {op} {}]", show(left), show(right))
                }
                Expr::Nested(inner) => show(inner),
                Expr::IsNull(inner) => format!("[{} IS NULL]", show(inner)),
                Expr::Cast { expr, data_type, .. } => format!("[{} :: {data_type}]", show(expr)),
                other => other.to_string(),
            }
        }
        let parser = Parser::new(&Headwater(GenericDialect));
        show(&parser.try_with_sql(sql).unwrap().parse_expr().unwrap())
    }

    #[test]
    fn arrows_bind_tighter_than_all_but_names() {
        for (written, meant) in [
            ("d->>'a' = 'x' AND b", "(((d)->>'a') = 'x') AND b"),
            ("d->'a'->0->>-1 = 'x'", "(((d->'a')->0)->>-1) = 'x'"),
            ("e.d->'a'->>'b' IS NULL", "((e.d->'a')->>'b') IS NULL"),
            ("d->>'n'::bigint + 1", "((d->>'n')::bigint) + 1"),
            ("'x' || d->>'n'", "'x' || (d->>'n')"),
            ("d->-1->>'a'", "(d->(-1))->>'a'"),
        ] {
            assert_eq!(tree(written), tree(meant));
        }
        assert_eq!(tree("d->>'a' = 'x'"), "[[d ->> 'a'] = 'x']");
    }
}
