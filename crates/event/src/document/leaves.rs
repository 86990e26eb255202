//! The scalars of a document that have a name: those that are reached through objects alone.

use super::collect::Found;
use super::scan::{Kind, Malformed, Scanner};
use super::text::unescape_into;

/// Objects inside objects are looked into this deep.
const DEPTH_MAX: usize = 16;

/// Tells the JSON Pointer of each scalar that is reached through objects alone, as far as the
/// document can be read, and the scalar. A name that an object has twice is told twice.
pub fn leaves<'a>(text: &'a str, mut leaf: impl FnMut(&str, Found<'a>)) {
    let mut scanner = Scanner::new(text);
    if scanner.kind() == Ok(Kind::Object) {
        // What stands before a fault was told.
        let _ = members(&mut scanner, &mut String::new(), DEPTH_MAX, &mut leaf);
    }
}

fn members<'a>(
    scanner: &mut Scanner<'a>,
    path: &mut String,
    depth: usize,
    leaf: &mut impl FnMut(&str, Found<'a>),
) -> Result<(), Malformed> {
    scanner.take(b'{');
    let above = path.len();
    let mut first = true;
    while scanner.next_entry(first, b'}')? {
        first = false;
        let key = scanner.key()?;
        path.push('/');
        let start = path.len();
        if key.escaped {
            unescape_into(key, path);
        } else {
            path.push_str(key.body);
        }
        if path.get(start..).is_some_and(|key| key.contains(['/', '~'])) {
            let key = path.split_off(start);
            path.push_str(&key.replace('~', "~0").replace('/', "~1"));
        }
        match scanner.kind()? {
            Kind::Object if depth > 0 => members(scanner, path, depth - 1, leaf)?,
            Kind::Object | Kind::Array | Kind::Null => scanner.skip_value()?,
            Kind::String => leaf(path, Found::Text(scanner.string()?)),
            Kind::Number => leaf(path, Found::Plain(scanner.number()?)),
            Kind::True => leaf(path, Found::Plain(scanner.word("true")?)),
            Kind::False => leaf(path, Found::Plain(scanner.word("false")?)),
        }
        path.truncate(above);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn tells_the_scalars_below_objects() {
        let mut found = Vec::new();
        let text =
            r#"{"a":{"b":1,"c/d":"x","l":[{"e":2}]},"n":null,"\u0066":true,"x":{},"bad":01}"#;
        leaves(text, |pointer, value| {
            let mut scratch = String::new();
            let text = value.scalar().unwrap().text(&mut scratch).to_owned();
            found.push(format!("{pointer}={text}"));
        });
        assert_eq!(found, ["/a/b=1", "/a/c~1d=x", "/f=true"]);
    }
}
