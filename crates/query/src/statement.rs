//! How long a statement may be. The parser limits brackets within brackets, but `1 + 1 + 1 …` and
//! `SELECT … UNION SELECT …` are as deep inside as they are long, and everything that walks such a
//! tree needs stack for each level: without a limit one statement ends the process.

use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::tokenizer::{Token, Tokenizer};

use crate::error::QueryError;

/// Most keywords and operators of a statement. Names, values, commas and parentheses do not count,
/// so lists of values may be as long as they like.
///
/// A level takes up to 10 KiB of stack (measured with 400 additions, which ended a stack of 2 MiB
/// in a build without optimisation).
const OPERATORS_MAX: usize = 1_000;

/// Stack that a thread needs to plan the longest statement, in bytes: give it to every thread on
/// which queries run.
pub const STACK_BYTES: usize = 32 << 20;

/// Checks the length of a statement; what cannot be read is left to the parser.
///
/// # Errors
/// `Syntax` when it is too long.
pub(crate) fn check(sql: &str) -> Result<(), QueryError> {
    let Ok(tokens) = Tokenizer::new(&GenericDialect {}, sql).tokenize() else { return Ok(()) };
    let operators = tokens.iter().filter(|token| is_operator(token)).count();
    if operators <= OPERATORS_MAX {
        return Ok(());
    }
    let message = format!(
        "the statement has {operators} keywords and operators, {OPERATORS_MAX} are allowed: \
         write `x IN (…)` in place of `x = … OR x = …`"
    );
    Err(QueryError::Syntax { message })
}

fn is_operator(token: &Token) -> bool {
    match token {
        Token::Word(word) => word.keyword != Keyword::NoKeyword,
        Token::EOF
        | Token::Number(..)
        | Token::Char(_)
        | Token::SingleQuotedString(_)
        | Token::DoubleQuotedString(_)
        | Token::NationalStringLiteral(_)
        | Token::HexStringLiteral(_)
        | Token::Placeholder(_)
        | Token::Comma
        | Token::Whitespace(_)
        | Token::LParen
        | Token::RParen
        | Token::SemiColon => false,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_chains_are_refused_and_long_lists_are_not() {
        for (sql, is_allowed) in [
            (format!("SELECT 1{}", " + 1".repeat(900)), true),
            (format!("SELECT 1{}", " + 1".repeat(1_000)), false),
            (format!("SELECT 1{}", " UNION SELECT 1".repeat(600)), false),
            (format!("SELECT * FROM events WHERE id = 1{}", " OR id = 1".repeat(600)), false),
            (format!("SELECT a{}", "::text".repeat(1_000)), false),
            (format!("SELECT a{}", "[1]".repeat(600)), false),
            (format!("SELECT * FROM events WHERE id IN ('a'{})", ", 'b'".repeat(9_000)), true),
            ("SELECT 'not closed".to_owned(), true),
        ] {
            assert_eq!(check(&sql).is_ok(), is_allowed, "{}", &sql[..60.min(sql.len())]);
        }
    }
}
