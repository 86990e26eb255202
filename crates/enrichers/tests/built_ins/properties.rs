//! Whatever the object: one event, nothing lost, and an event that comes round again stays as it
//! is.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};

use headwater_event::json::{Kind, NodeId, Tree, escape_into};
use headwater_event::time;
use headwater_pipeline::Worker;
use proptest::prelude::*;

use crate::{RECEIVED_AT, at, tree};

/// One worker for all cases: what an event leaves behind in it must not show in the next.
static WORKER: LazyLock<Mutex<Worker>> = LazyLock::new(|| Mutex::new(crate::worker(Vec::new())));

fn event_of(json: &str) -> Tree {
    crate::event_of(&mut WORKER.lock().unwrap_or_else(PoisonError::into_inner), json)
}

fn any_key() -> impl Strategy<Value = String> {
    let known = prop::sample::select(vec![
        "details",
        "Details",
        "tags",
        "TAGS",
        "plugins",
        "summary",
        "Summary",
        "category",
        "severity",
        "source",
        "eventid",
        "eventID",
        "utctimestamp",
        "timestamp",
        "@timestamp",
        "time",
        "date",
        "start",
        "srcip",
        "sourceIPAddress",
        "sourceipaddress",
        "useragent",
        "dst",
        "ip",
        "src_endpoint",
        "x-forwarded-for",
        "ipaddress",
        "_ipaddresses",
        "_utcprocessedtimestamp",
        "kind",
        "id",
        "etag",
        "actor",
        "email",
        "events",
        "user",
        "success",
    ]);
    prop_oneof![3 => known.prop_map(str::to_owned), 1 => "[aAbB]{0,2}(_2)?", 1 => "[ -~éΩ\n]{0,6}"]
}

fn any_text() -> impl Strategy<Value = String> {
    let known = prop::sample::select(vec![
        "1.2.3.4",
        " 10.0.0.1 ",
        "01.2.3.4",
        "fe80::1%eth0",
        "::ffff:1.2.3.4",
        "1.2.3.4, 5.6.7.8",
        "2020-01-01T00:00:00Z",
        "17:48:18",
        "Apr 17 06:10:54",
        "1600000000",
        "UNKNOWN",
        "2163d086-baa4-4203-a267-97b3a872c651",
        "admin#reports#activity",
        "config.amazonaws.com",
    ]);
    let free = "[ -~é\n\"\\\\]{0,8}";
    prop_oneof![known.prop_map(str::to_owned), free].prop_map(|plain| quoted(&plain))
}

fn quoted(plain: &str) -> String {
    let mut out = String::from("\"");
    escape_into(plain, &mut out);
    out + "\""
}

fn any_value() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        Just("true".to_owned()),
        Just("16909060".to_owned()),
        "-?(0|[1-9][0-9]{0,20})(\\.[0-9]{1,4})?(e[0-9]{1,3})?",
        any_text(),
        any_text(),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        let object = prop::collection::vec((any_key(), inner.clone()), 0..6).prop_map(object);
        prop_oneof![
            object,
            prop::collection::vec(inner, 0..4).prop_map(|all| format!("[{}]", all.join(",")))
        ]
    })
}

fn object(members: Vec<(String, String)>) -> String {
    let member = |(key, value): &(String, String)| format!("{}:{value}", quoted(key));
    format!("{{{}}}", members.iter().map(member).collect::<Vec<_>>().join(","))
}

fn any_object() -> impl Strategy<Value = String> {
    prop::collection::vec((any_key(), any_value()), 0..12).prop_map(object)
}

/// The characters of every scalar but null, with how often it occurs. Outer blanks do not count: an
/// address is trimmed.
fn leaves(tree: &Tree, keep: impl Fn(NodeId) -> bool) -> HashMap<String, usize> {
    let mut leaves = HashMap::new();
    for id in tree.descendants(tree.root()).filter(|id| keep(*id)) {
        if let Some(text) = tree.scalar_text(id) {
            *leaves.entry(text.trim().to_owned()).or_default() += 1;
        }
    }
    leaves
}

/// Whether a value is one of those that the plugins' documentation says are replaced.
fn is_replaced(source: &Tree, id: NodeId, event: &Tree) -> bool {
    let path: Vec<NodeId> =
        std::iter::successors(Some(id), |current| source.parent(*current)).collect();
    let keys: Vec<String> =
        path.iter().rev().skip(1).map(|id| source.key(*id).to_lowercase()).collect();
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    let is_text = source.kind(id) == Kind::String;
    let arrival = time::parse_iso_fast(RECEIVED_AT).unwrap();
    match keys[..] {
        ["utctimestamp"] => {
            source.scalar_text(id).is_some_and(|text| time::parse(&text, arrival).is_some())
        }
        // A container inside these lists becomes its JSON text.
        ["tags" | "plugins", _, _, ..] => true,
        ["_utcprocessedtimestamp"] | ["details", "_utcprocessedtimestamp"] => is_text,
        // A CloudTrail service caller: its text is still in `useragent`.
        ["sourceipaddress"] | ["details", "sourceipaddress"] => {
            at(event, "details.sourceipaddress").is_none()
                && at(event, "details.useragent") == Some(source.to_json(id))
        }
        ["source" | "summary" | "category"] => at(event, "source").as_deref() == Some("\"gsuite\""),
        _ => false,
    }
}

fn without(tree: &mut Tree, key: &str) -> String {
    if let Some(id) = tree.lookup(key) {
        tree.remove(id);
    }
    tree.to_json(tree.root())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]

    #[test]
    fn every_object_becomes_one_event_that_holds_all_its_values(json in any_object()) {
        let source = tree(&json);
        let event = event_of(&json);
        let there = leaves(&event, |_| true);
        for (text, count) in leaves(&source, |id| !is_replaced(&source, id, &event)) {
            let found = there.get(&text).copied().unwrap_or(0);
            let json = event.to_json(event.root());
            prop_assert!(found >= count, "{text:?} {found} times in {json}");
        }
        for name in ["eventid", "utctimestamp", "severity", "summary", "category", "source"] {
            prop_assert_eq!(event.lookup(name).map(|id| event.kind(id)), Some(Kind::String));
        }
        for name in ["tags", "plugins"] {
            let list = event.lookup(name).unwrap();
            prop_assert!(event.children(list).all(|id| event.kind(id) == Kind::String));
        }
        prop_assert_eq!(event.children(event.root()).count(), 9);
    }

    #[test]
    fn an_event_that_comes_round_again_stays_as_it_is(json in any_object()) {
        let mut first = event_of(&json);
        let mut second = event_of(&first.to_json(first.root()));
        prop_assert_eq!(without(&mut first, "plugins"), without(&mut second, "plugins"));
    }
}
