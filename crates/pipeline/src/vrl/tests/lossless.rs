//! What a program does not change stays as it was, byte for byte.

use proptest::prelude::*;

use super::{check, run};

#[test]
fn numbers_keep_their_text_where_they_are_and_where_they_go() {
    let record = r#"{"a":12345678901234567890,"b":12345678901234567891,"c":1.0,"d":1e400,"e":-0}"#;
    check(&[
        (".a = .a\n.c = .c\n.d = .d\n.e = .e", record, record),
        (". = .", record, record),
        (
            ".z = del(.a)\n.y = .b",
            r#"{"a":12345678901234567890,"b":12345678901234567891}"#,
            r#"{"b":12345678901234567891,"z":12345678901234567890,"y":12345678901234567891}"#,
        ),
        (
            ". = {\"list\": [.c, .d, .e, {\"x\": .a}]}",
            record,
            r#"{"list":[1.0,1e400,-0,{"x":12345678901234567890}]}"#,
        ),
        (".c = 2.0", record, &record.replace("1.0", "2.0")),
    ]);
}

#[test]
fn what_is_not_changed_keeps_order_spelling_and_doubles() {
    check(&[
        (".n = 1", r#"{"z":"\u00e9\/","a":1,"z":2}"#, r#"{"z":"\u00e9\/","a":1,"z":2,"n":1}"#),
        (". = .\n.n = 1", r#"{"z":{"y":1,"x":2,"y":3}}"#, r#"{"z":{"y":1,"x":2,"y":3},"n":1}"#),
        (
            ". = map_values(.) -> |v| { v }",
            r#"{"z":"\ud83d","b":1.50,"a":[{"k":1,"j":1}]}"#,
            r#"{"z":"\ud83d","b":1.50,"a":[{"k":1,"j":1}]}"#,
        ),
        (
            ".a.b = 2",
            r#"{"a":{"c":1.0,"b":1,"a":"\u0041"},"a":"second"}"#,
            r#"{"a":{"c":1.0,"b":2,"a":"\u0041"},"a":"second"}"#,
        ),
    ]);
}

#[test]
fn a_changed_or_deleted_member_loses_its_doubles() {
    check(&[
        (".p = \"***\"", r#"{"p":"one","x":1,"p":"two"}"#, r#"{"p":"***","x":1}"#),
        ("del(.p)", r#"{"p":"one","x":1,"p":"two"}"#, r#"{"x":1}"#),
        (".p = \"one\"", r#"{"p":"one","x":1,"p":"two"}"#, r#"{"p":"one","x":1,"p":"two"}"#),
        (
            ". = map_values(.) -> |_v| { 0 }",
            r#"{"p":1,"q":0,"q":5,"p":2}"#,
            r#"{"p":0,"q":0,"q":5}"#,
        ),
        (". = {\"q\": .q}", r#"{"p":1,"q":0,"q":5,"p":2}"#, r#"{"q":0,"q":5}"#),
    ]);
}

#[test]
fn an_object_that_moves_keeps_what_vrl_cannot_hold() {
    let inner = r#"{"z":1.0,"a":"\u0041","z":2,"big":12345678901234567890}"#;
    let record = format!(r#"{{"old":{inner},"x":1}}"#);
    let moved = format!(r#"{{"x":1,"new":{inner}}}"#);
    let wrapped = format!(r#"{{"x":1,"new":{{"in":{inner}}}}}"#);
    let in_list = format!(r#"{{"x":1,"new":[{inner}]}}"#);
    check(&[
        (".new = del(.old)", &record, &moved),
        (".new.in = del(.old)", &record, &wrapped),
        (".new = [del(.old)]", &record, &in_list),
        (". = {\"x\": .x, \"new\": .old}", &record, &moved),
    ]);
}

#[test]
fn elements_that_stay_in_a_list_keep_what_vrl_cannot_hold() {
    let record = r#"{"a":[1,{"b":1.0,"b":2},"\ud800",{"c":1,"b":1}]}"#;
    check(&[
        ("del(.a[0])", record, &record.replace("1,{", "{")),
        ("del(.a[-1])", record, &record.replace(r#",{"c":1,"b":1}"#, "")),
        (
            ".a = filter(array!(.a)) -> |_i, v| { !is_integer(v) }",
            record,
            &record.replace("1,{", "{"),
        ),
        (".a = push(array!(.a), 2.50)", record, &record.replace("]}", ",2.5]}")),
        (".a[0] = 2", record, &record.replace("[1", "[2")),
    ]);
}

#[test]
fn nesting_that_vrl_cannot_walk_is_refused_only_where_it_is_read() {
    let deep =
        |levels: usize| format!(r#"{{"a":{}{},"b":1}}"#, "[".repeat(levels), "]".repeat(levels));
    assert_eq!(run(".c = .b", &deep(900)), deep(900).replace("\"b\":1", "\"b\":1,\"c\":1"));
    assert_eq!(
        run(".c = .a", &deep(900)),
        "reject: `.a[0][0][0][0][0][0][0][0][0]…` is nested deeper than 500 levels"
    );
    let copied = run(".c = .a", &deep(400));
    assert!(copied.ends_with(&format!(r#""c":{}{}}}"#, "[".repeat(400), "]".repeat(400))));
    let grown = run(
        "x = .a\nfor_each(split(.s, \"\") ?? []) -> |_i, _v| { x = [x] }\n.a = x",
        &format!(r#"{{"a":1,"s":"{}"}}"#, "x".repeat(600)),
    );
    assert!(grown.contains("is nested deeper than 500 levels"), "{grown}");
}

/// JSON texts with what VRL cannot hold: long numbers, doubles, escapes, any order of keys.
fn json() -> impl Strategy<Value = String> {
    let scalar = prop::sample::select(vec![
        "null",
        "true",
        "-0",
        "1",
        "1.0",
        "2.50",
        "1e400",
        "12345678901234567890",
        "12345678901234567891",
        "0.1",
        "0.10000000000000000001",
        r#""""#,
        r#""\u0061""#,
        r#""\ud800""#,
        r#""12345678901234567890""#,
    ]);
    let key = prop::sample::select(vec!["a", "b", "c", r"\u0061"]);
    scalar.prop_map(str::to_owned).prop_recursive(4, 40, 4, move |inner| {
        let member =
            (key.clone(), inner.clone()).prop_map(|(key, value)| format!("\"{key}\":{value}"));
        prop_oneof![
            prop::collection::vec(inner, 0..4).prop_map(|list| format!("[{}]", list.join(","))),
            prop::collection::vec(member, 0..5).prop_map(|list| format!("{{{}}}", list.join(","))),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 200,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn programs_that_change_nothing_give_back_every_byte(value in json()) {
        let record = format!(r#"{{"c":{value},"a":{value},"n":1}}"#);
        for program in [
            ". = .",
            ".a = .a",
            "x = .a\n.a = {}\n.a = x",
            ". = map_values(.) -> |v| { v }",
        ] {
            prop_assert_eq!(&run(program, &record), &record, "{}", program);
        }
    }

    #[test]
    fn the_result_does_not_depend_on_how_much_was_converted(value in json()) {
        let record = format!(r#"{{"c":{value},"a":{value},"n":1}}"#);
        for program in [
            ".n = del(.a)", ".d = .a.b", ".a.b.c = 1", "del(.a.b)", ".a[0] = del(.c)",
            ".a.b = .c.a",
            "del(.a.a, compact: true)", ".d = [.a.b, .c.b, {\"x\": .a}]", ".n = null\n.c = .a",
        ] {
            let whole = run(&format!("_all = .\n{program}"), &record);
            prop_assert_eq!(run(program, &record), whole, "{} on {}", program, record);
        }
    }

    #[test]
    fn a_moved_value_keeps_every_byte(value in json()) {
        let record = format!(r#"{{"a":{value},"n":1}}"#);
        let container = value.starts_with(['{', '[']);
        prop_assume!(container);
        prop_assert_eq!(run(".z = del(.a)", &record), format!(r#"{{"n":1,"z":{value}}}"#));
    }
}
