//! Extraction by path against cases and against a naive walk.

#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use serde_json::Value;

use super::{Kind, Path, Scanner, find, find_all, scalar_at};
use crate::document::text::minify_into;

/// What `json_extract_scalar` answers.
fn scalar(text: &str, path: &str) -> Option<String> {
    let path = Path::parse(path).unwrap();
    let at = find(text, &path).ok()??;
    let mut scratch = String::new();
    scalar_at(text, at).ok()?.map(|scalar| scalar.text(&mut scratch).to_owned())
}

/// All values the path leads to, minified.
fn all(text: &str, path: &str) -> Option<Vec<String>> {
    let mut found = Vec::new();
    find_all(text, &Path::parse(path).unwrap(), &mut found).ok()?;
    let minified = found.into_iter().map(|at| {
        let mut out = String::new();
        minify_into(&mut Scanner::starting_at(text, at), &mut out).unwrap();
        out
    });
    Some(minified.collect())
}

const BOOKS: &str = r#" { "store" : { "book" : [ { "title" : "A", "price" : 8.950 },
  { "title" : "B\u0026C", "price" : 12345678901234567890, "isbn" : null } ], "open" : true,
  "7" : "seven", "" : "empty" }, "store" : "again", "e\"k" : [ [ 1e400 ] ] } "#;

#[test]
fn follows_definite_paths() {
    let check = |path: &str, expected: Option<&str>| {
        assert_eq!(scalar(BOOKS, path).as_deref(), expected, "{path}");
    };
    check("$.store.book[0].title", Some("A"));
    check("$.store.book[1].title", Some("B&C"));
    check("$.store.book[0].price", Some("8.950"));
    check("$.store.book[1].price", Some("12345678901234567890"));
    check("$[\"e\\\"k\"][0][0]", Some("1e400"));
    check("$.store.book.1.title", Some("B&C"));
    check("$.store[7]", Some("seven"));
    check("$.store[\"\"]", Some("empty"));
    check("$.store.open", Some("true"));
    check("$.store.book[-1].title", Some("B&C"));
    check("$.store.book[-3].title", None);
    check("$.store.book[2].title", None);
    check("$.store.book[1].isbn", None);
    check("$.store.book", None);
    check("$.store", None);
    check("$", None);
    check("$.store.open.x", None);
    check("$.missing", None);
}

#[test]
fn reads_only_as_far_as_needed() {
    let check = |text: &str, path: &str, expected: Option<&str>| {
        assert_eq!(scalar(text, path).as_deref(), expected, "{text}");
    };
    check(r#"{"a":1,"a":2}"#, "$.a", Some("1"));
    check(r#"{"a":1} trailing"#, "$.a", Some("1"));
    check(r#"{"a":1"#, "$.a", Some("1"));
    check(r#"{"b":bad,"a":1}"#, "$.a", None);
    check(r#"{"b":[1,],"a":1}"#, "$.a", None);
    check(r#"{"b":1 "a":1}"#, "$.a", None);
    check("7", "$", Some("7"));
    check(" \"x\" ", "$", Some("x"));
    check("7x", "$", None);
    check("", "$", None);
    check("nullx", "$", None);
}

#[test]
fn follows_indefinite_paths_containers_first() {
    let check = |text: &str, path: &str, expected: &[&str]| {
        assert_eq!(all(text, path).unwrap(), expected, "{path}");
    };
    let nested = r#"{"x":{"a":1,"a":9},"y":[{"a":[2,{"a":3}]},4],"a":{"b":5}}"#;
    check(nested, "$..a", &[r#"{"b":5}"#, "1", r#"[2,{"a":3}]"#, "3"]);
    check(nested, "$..a[0]", &["2"]);
    check(nested, "$..[1]", &["4", r#"{"a":3}"#]);
    check(nested, "$.y[*]", &[r#"{"a":[2,{"a":3}]}"#, "4"]);
    check(nested, "$.y[*].a[-1].a", &["3"]);
    check(nested, "$.x.*", &["1", "9"]);
    check("[[1],[2,[3]]]", "$..*", &["[1]", "[2,[3]]", "1", "2", "[3]", "3"]);
    check("{}", "$.*", &[]);
    check("1", "$..a", &[]);
    assert_eq!(all("[1,[2}", "$..a"), None);
}

#[test]
fn ten_thousand_levels_do_not_overflow_the_stack() {
    let depth = 10_000;
    let text = format!("{}{{\"k\":7}}{}", r#"{"a":"#.repeat(depth), "}".repeat(depth));
    assert_eq!(all(&text, "$..k").unwrap(), ["7"]);
    let shallow = format!(r#"{{"deep":{text},"b":"found"}}"#);
    assert_eq!(scalar(&shallow, "$.b").as_deref(), Some("found"));
    assert_eq!(all(&shallow, "$.deep").unwrap(), [text]);
}

/// Any JSON tree; few keys, so that paths hit.
fn json_tree() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        // Eighths survive the parser of the other side bit by bit.
        any::<i32>().prop_map(|eighths| Value::from(f64::from(eighths) / 8.0)),
        "\\PC{0,12}".prop_map(Value::from),
        "[\"\\\\\n\u{1}a]{0,4}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map("[ab1é\"]{0,2}", inner, 0..5)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// The same walk over a parsed tree.
fn walk<'v>(tree: &'v Value, keys: &[String]) -> Option<&'v Value> {
    keys.iter().try_fold(tree, |value, key| match value {
        Value::Object(members) => members.get(key),
        Value::Array(elements) => elements.get(key.parse::<usize>().ok()?),
        _ => None,
    })
}

proptest! {
    #[test]
    fn agrees_with_a_parsed_tree(
        tree in json_tree(),
        keys in prop::collection::vec("[ab1é\"]{0,2}", 0..4),
        pretty in any::<bool>(),
    ) {
        let compact = || serde_json::to_string(&tree);
        let text = if pretty { serde_json::to_string_pretty(&tree) } else { compact() };
        let text = text.unwrap();
        let path = keys.iter().fold("$".to_owned(), |path, key| {
            format!("{path}[\"{}\"]", key.replace('\\', "\\\\").replace('"', "\\\""))
        });
        let expected = match walk(&tree, &keys) {
            Some(Value::String(text)) => Some(text.clone()),
            Some(value @ (Value::Number(_) | Value::Bool(_))) => Some(value.to_string()),
            _ => None,
        };
        prop_assert_eq!(scalar(&text, &path), expected, "{} {}", text, path);
        if let Some(value) = walk(&tree, &keys) {
            let found = all(&text, &path).unwrap();
            let parse = |one: &String| serde_json::from_str(one).unwrap();
            let found: Vec<Value> = found.iter().map(parse).collect();
            prop_assert_eq!(found, vec![value.clone()]);
        }
    }

    #[test]
    fn never_panics_and_never_accepts_what_serde_rejects(text in "[\\[\\]{},:\"\\\\a1. eE+\\-untrlfs\u{1}é]{0,24}") {
        let mut scanner = Scanner::new(&text);
        let ours = scanner.skip_value().is_ok() && {
            scanner.skip_space();
            scanner.peek().is_none()
        };
        let theirs = serde_json::from_str::<serde::de::IgnoredAny>(&text).is_ok();
        prop_assert_eq!(ours, theirs, "{}", text);
        let _kind: Result<Kind, _> = Scanner::new(&text).kind();
        let _found = all(&text, "$..a[*]");
    }
}
