//! `LIKE` as Trino has it: no character escapes another unless `ESCAPE` names one. DataFusion
//! always takes the backslash, which would make `path LIKE '%\cmd.exe'` look for `%cmd.exe`.

use datafusion::common::ScalarValue;
use datafusion::logical_expr::{Expr, Like, lit};

/// The only escape character that DataFusion evaluates.
const ESCAPE: char = '\\';

/// The same condition in DataFusion's terms; `None` when it is in them already or its pattern is
/// not a constant.
pub(super) fn rewrite_like(like: &Like) -> Option<Like> {
    if like.escape_char == Some(ESCAPE) {
        return None;
    }
    let Expr::Literal(value, _) = like.pattern.as_ref() else { return None };
    let (ScalarValue::Utf8(Some(pattern))
    | ScalarValue::Utf8View(Some(pattern))
    | ScalarValue::LargeUtf8(Some(pattern))) = value
    else {
        return None;
    };
    let pattern = Box::new(lit(escaped(pattern, like.escape_char)));
    Some(Like { pattern, escape_char: Some(ESCAPE), ..like.clone() })
}

/// The pattern with `ESCAPE` in place of the given escape character.
fn escaped(pattern: &str, escape: Option<char>) -> String {
    let mut out = String::with_capacity(pattern.len() + 4);
    let mut characters = pattern.chars();
    while let Some(character) = characters.next() {
        if Some(character) == escape {
            out.push(ESCAPE);
            out.extend(characters.next());
        } else {
            if character == ESCAPE {
                out.push(ESCAPE);
            }
            out.push(character);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn only_the_named_character_escapes() {
        for (pattern, escape, expected) in [
            (r"%\cmd.exe", None, r"%\\cmd.exe"),
            (r"\pshost%", None, r"\\pshost%"),
            ("50!%", Some('!'), r"50\%"),
            (r"a!!\b", Some('!'), r"a\!\\b"),
            ("plain", None, "plain"),
        ] {
            assert_eq!(escaped(pattern, escape), expected, "{pattern}");
        }
    }
}
