//! Paths of standard SQL: lax, strict, filters, methods.

#![allow(clippy::unwrap_used)]

use super::{StandardPath, evaluate};

/// The sequence as JSON texts; `None` when the path fails on the document.
fn run(path: &str, text: &str) -> Option<Vec<String>> {
    let path = StandardPath::parse(path).unwrap();
    let items = evaluate(&path, text).ok()?;
    let written = items.iter().map(|item| {
        let mut out = String::new();
        item.write_json(&mut out);
        out
    });
    Some(written.collect())
}

fn check(path: &str, text: &str, expected: &[&str]) {
    assert_eq!(run(path, text), Some(expected.iter().map(ToString::to_string).collect()), "{path}");
}

fn check_failure(path: &str, text: &str) {
    assert_eq!(run(path, text), None, "{path} on {text}");
}

const CUSTOMERS: &str = r#"[{"customer":100,"region":"AFRICA"},{"region":"ASIA"},
    {"customer":300,"region":"AFRICA","comment":null}]"#;
const ARRAYS: &str = r#"[[0,1,2],["a","b","c","d"],[null,null]]"#;

#[test]
fn members() {
    check("lax $.customer", CUSTOMERS, &["100", "300"]);
    check("$.customer", CUSTOMERS, &["100", "300"]);
    check("lax $[*].\"region\"", CUSTOMERS, &["\"AFRICA\"", "\"ASIA\"", "\"AFRICA\""]);
    check("lax $[0].*", CUSTOMERS, &["100", "\"AFRICA\""]);
    check("lax $.a.b", r#"{"a":{"b":{"c":1}}}"#, &[r#"{"c":1}"#]);
    check("lax $.a", "1", &[]);
    check("lax $.a", r#"{"a":1,"a":2}"#, &["1"]);
    check("lax $.\"a.b \"\"q\"\"\"", r#"{"a.b \"q\"":1}"#, &["1"]);
    check_failure("strict $.customer", CUSTOMERS);
    check_failure("strict $[*].customer", CUSTOMERS);
    check_failure("strict $.a", "{}");
    check_failure("strict $.a", "1");
    check_failure("lax $.a", "{\"a\":1,}");
    check_failure("lax $", "");
}

#[test]
fn descendants_come_container_by_container() {
    let text = r#"{"id":1,"notes":[{"type":1,"comment":"foo"},{"type":2,"comment":null}],
        "comment":["bar","baz"]}"#;
    check("lax $..comment", text, &[r#"["bar","baz"]"#, "\"foo\"", "null"]);
    check("strict $..\"type\"", text, &["1", "2"]);
    check("strict $..nothing", text, &[]);
}

#[test]
fn elements() {
    check("lax $[*][last]", ARRAYS, &["2", "\"d\"", "null"]);
    check("lax $[*][2 to 3]", ARRAYS, &["2", "\"c\"", "\"d\""]);
    check("lax $[*][1, 0, 0]", "[[0,1]]", &["1", "0", "0"]);
    check("lax $[last - 1]", "[1,2,3]", &["2"]);
    check("lax $[*]", "5", &["5"]);
    check("lax $[0]", "{}", &["{}"]);
    check("lax $[1]", "5", &[]);
    check("lax $[-1]", "[1]", &[]);
    check("lax $[5 to 3]", "[1,2]", &[]);
    check("lax $[0]", "[]", &[]);
    check("strict $[0 to last]", "[1,2]", &["1", "2"]);
    check_failure("strict $[*][2 to 3]", ARRAYS);
    check_failure("strict $[5 to 3]", "[1,2]");
    check_failure("strict $[0]", "[]");
    check_failure("strict $[*]", "5");
    check_failure("lax $[\"a\"]", "[1]");
    check_failure("lax last", "[1]");
}

#[test]
fn filters() {
    let africa = r#"{"customer":100,"region":"AFRICA"}"#;
    let africa_null = r#"{"customer":300,"region":"AFRICA","comment":null}"#;
    let asia = r#"{"region":"ASIA"}"#;
    check("lax $?(@.region != \"ASIA\")", CUSTOMERS, &[africa, africa_null]);
    check("lax $?(!exists(@.customer))", CUSTOMERS, &[asia]);
    check("lax $?(@.customer > 100 && @.region == \"AFRICA\")", CUSTOMERS, &[africa_null]);
    check("lax $?(@.customer < 200 || @.region starts with \"AS\")", CUSTOMERS, &[africa, asia]);
    check("lax $?(@.comment == null)", CUSTOMERS, &[africa_null]);
    check(
        "lax $?((@.region > 1) is unknown).region",
        CUSTOMERS,
        &["\"AFRICA\"", "\"ASIA\"", "\"AFRICA\""],
    );
    check(
        "lax $.region?(@ like_regex \"^a.*a$\" flag \"i\")",
        CUSTOMERS,
        &["\"AFRICA\"", "\"ASIA\"", "\"AFRICA\""],
    );
    check("lax $[*]?(@ > 1)", "[1,2,\"x\",3]", &["2", "3"]);
    check("strict $[*]?(@ > 1)", "[1,2,\"x\",3]", &["2", "3"]);
    check("lax $?(@ == 1)", "[[1],[2]]", &["[1]"]);
    check("strict $?(@[*] == 1)", "[1,\"x\"]", &[]);
    check("lax $?(1 == 1)", "7", &["7"]);
    check("lax $?(@ > (1 + 2) * 2)", "[6,7]", &["7"]);
    check("lax $?((@ > 1) && (@ < 3))", "[1,2,3]", &["2"]);
    check("lax $.a?(@.b == \"C:\\Windows\").c", r#"{"a":{"b":"C:\\Windows","c":1}}"#, &["1"]);
}

#[test]
fn comparisons() {
    let truth = |condition: &str, text: &str| {
        !run(&format!("lax $?({condition})"), text).unwrap().is_empty()
    };
    let holds = [
        ("null == null", "1"),
        ("null != 1", "1"),
        ("1 <> 2", "1"),
        ("\"a\" < \"b\"", "1"),
        ("true > false", "1"),
        ("1.0 == 1", "1"),
        ("@ == 12345678901234567890", "12345678901234567890"),
        ("@ < 1e401", "1e400"),
        ("@ == 1e2", "100"),
        ("-1 < 0", "1"),
    ];
    for (condition, text) in holds {
        assert!(truth(condition, text), "{condition}");
    }
    let fails = [
        ("null != null", "1"),
        ("null == 1", "1"),
        ("null < 1", "1"),
        ("1 == \"1\"", "1"),
        ("@ == @", "{}"),
        ("@.a == 1", "{}"),
        ("@ == 12345678901234567891", "12345678901234567890"),
    ];
    for (condition, text) in fails {
        assert!(!truth(condition, text), "{condition}");
    }
}

#[test]
fn arithmetic() {
    check("lax 1 + 2 * 3", "0", &["7"]);
    check("lax (1 + 2) * 3", "0", &["9"]);
    check("lax 7 / 2", "0", &["3"]);
    check("lax 7 % 4 - 1", "0", &["2"]);
    check("lax 7 / 2.0", "0", &["3.5"]);
    check("lax $.a + $.b", r#"{"a":1,"b":[2]}"#, &["3"]);
    check("lax -$[*]", "[1,-2,3.50]", &["-1", "2", "-3.50"]);
    check("lax - -1", "0", &["1"]);
    check_failure("lax 1 / 0", "0");
    check_failure("lax $ + 1", "\"a\"");
    check_failure("lax $ + 1", "[1,2]");
    check_failure("lax 9223372036854775807 + 1", "0");
    check_failure("lax -$", "\"a\"");
}

#[test]
fn methods() {
    check("lax $.type()", r#"[1]"#, &["\"array\""]);
    check(
        "lax $[*].type()",
        r#"[1,"a",null,true,{},[]]"#,
        &["\"number\"", "\"string\"", "\"null\"", "\"boolean\"", "\"object\"", "\"array\""],
    );
    check("lax $[*].size()", r#"[[1,2],{},3]"#, &["2", "1", "1"]);
    check("lax $.size()", "[1,2,3]", &["3"]);
    check("lax $.double()", r#"[-1,23e4,"5.6"]"#, &["-1.0", "230000.0", "5.6"]);
    check("lax $.ceiling()", "[-1.5,-1,1.3]", &["-1.0", "-1", "2.0"]);
    check("lax $.floor()", "[-1.5,-1,1.3]", &["-2.0", "-1", "1.0"]);
    check("lax $.abs()", "[-1.5,-1,1.3]", &["1.5", "1", "1.3"]);
    check(
        "lax $.keyvalue()",
        r#"[{"a":1},{"b":[2]}]"#,
        &[r#"{"name":"a","value":1,"id":0}"#, r#"{"name":"b","value":[2],"id":1}"#],
    );
    check("lax $.keyvalue()?(@.name == \"b\").value", r#"{"a":1,"b":2}"#, &["2"]);
    check("lax $.size", r#"{"size":1}"#, &["1"]);
    check_failure("lax $.floor()", r#"[1,"a"]"#);
    check_failure("strict $.size()", "1");
    check_failure("lax $.keyvalue()", "1");
    check_failure("lax $.double()", r#""x""#);
}

#[test]
fn faults_name_their_position() {
    let check = |path: &str, expected: &str| {
        let error = StandardPath::parse(path).unwrap_err().to_string();
        assert_eq!(error, format!("invalid JSON path '{path}': expected {expected}"));
    };
    check("", "'$', '@', a literal or '(' at position 1");
    check("lax", "'$', '@', a literal or '(' at position 4");
    check("lax a", "'$', '@', a literal or '(' at position 5");
    check("lax $.", "a key, '*' or a method at position 7");
    check("lax $.a b", "an accessor, an operator or the end at position 9");
    check("lax $[", "'$', '@', a literal or '(' at position 7");
    check("lax $[0", "',' or ']' at position 8");
    check("lax $?(@.a)", "a condition at position 8");
    check("lax $?(@ == 1", "')' at position 14");
    check("lax $ == 1", "an accessor, an operator or the end at position 7");
    check("lax $name", "no name: variables are not supported at position 6");
    check("lax $.datetime()", "a key, '*' or a method at position 7");
    check("lax \"abc", "a closing quote at position 9");
    check("lax $#", "a path at position 6");
    check("lax $?(@ like_regex \"(\")", "a regular expression at position 21");
}

#[test]
fn limits_hold() {
    let nested = format!("lax {}1{}", "(".repeat(1_000), ")".repeat(1_000));
    assert!(StandardPath::parse(&nested).is_err());
    let chained = format!("lax $?({})", vec!["@ == 1"; 1_000].join(" || "));
    assert!(StandardPath::parse(&chained).is_err());
    let long = format!("lax ${}", ".a".repeat(256));
    assert_eq!(run(&long, "1"), Some(Vec::new()));
}

#[test]
fn deep_documents_do_not_overflow_the_stack() {
    let text = format!("{}{{\"k\":7}}{}", r#"{"a":"#.repeat(10_000), "}".repeat(10_000));
    check("lax $..k", &text, &["7"]);
    check("lax $.a.type()", &text, &["\"object\""]);
}
