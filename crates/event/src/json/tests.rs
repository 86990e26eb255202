//! The tree as a whole: what goes in comes out, edits, the index of known keys.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::Arc;

use proptest::prelude::*;

use super::{Kind, ParseFault, ParseLimits, Scalar, Tree, Vocabulary};

fn tree(json: &str) -> Tree {
    let words = ["srcip", "tags", "time"];
    let mut tree = Tree::new(Arc::new(Vocabulary::new(words)));
    tree.parse(json.as_bytes(), ParseLimits::default()).expect(json);
    tree
}

fn check_error(json: &[u8], fault: ParseFault, offset: usize) {
    let mut tree = Tree::new(Arc::default());
    let error = tree.parse(json, ParseLimits { depth_max: 5, bytes_max: 1_000 }).unwrap_err();
    assert_eq!((error.fault, error.offset), (fault, offset), "{}", json.escape_ascii());
    assert_eq!(tree.to_json(tree.root()), "{}");
}

#[test]
fn keeps_every_value_in_its_source_spelling() {
    for json in [
        r#"{"a":1.0,"b":1e400,"c":12345678901234567890,"d":-0,"e":0.10}"#,
        r#"{"a":"\u00e9\/\ud83d","a":2,"A":[],"":{}}"#,
        r#"[1,[2,[3,{"x":null}]],true,false,"é"]"#,
        r#""text""#,
        "-12.5E+10",
        "null",
    ] {
        let tree = tree(json);
        assert_eq!(tree.to_json(tree.root()), json);
    }
    let spaced = tree(" {\t\"a\" :\n[ 1 , 2 ] ,\r\"b\" : { } } ");
    assert_eq!(spaced.to_json(spaced.root()), r#"{"a":[1,2],"b":{}}"#);
}

#[test]
fn refuses_what_is_not_json_and_says_where() {
    check_error(b"", ParseFault::UnexpectedEnd, 0);
    check_error(b"{\"a\":1", ParseFault::UnexpectedEnd, 6);
    check_error(b"{\"a\"}", ParseFault::UnexpectedByte(b'}'), 4);
    check_error(b"{\"a\":1,}", ParseFault::UnexpectedByte(b'}'), 7);
    check_error(b"[1 2]", ParseFault::UnexpectedByte(b'2'), 3);
    check_error(b"[1}", ParseFault::UnexpectedByte(b'}'), 2);
    check_error(b"{} {}", ParseFault::TrailingText, 3);
    check_error(b"NaN", ParseFault::UnexpectedByte(b'N'), 0);
    check_error(b"nul", ParseFault::UnexpectedEnd, 3);
    check_error(b"01", ParseFault::InvalidNumber, 2);
    check_error(b"1.", ParseFault::UnexpectedEnd, 2);
    check_error(b"[-]", ParseFault::InvalidNumber, 2);
    check_error(b"\"a\nb\"", ParseFault::ControlCharacter, 2);
    check_error(b"\"\\x\"", ParseFault::InvalidEscape, 2);
    check_error(b"\"\\u12g4\"", ParseFault::InvalidEscape, 5);
    check_error(b"\"\xff\"", ParseFault::InvalidUtf8, 1);
    check_error(b"[[[[[[1]]]]]]", ParseFault::TooDeep, 5);
    check_error(&[b'1'; 1_001], ParseFault::TooLong, 1_001);
}

#[test]
fn reads_members_elements_paths_and_scalars() {
    let tree = tree(r#"{"a":{"b":[10,{"c":"x\ny"}]},"t":true,"n":null}"#);
    let text = |path: &str| tree.lookup(path).and_then(|id| tree.owned_text(id));
    assert_eq!(text("a.b.0").as_deref(), Some("10"));
    assert_eq!(text("a.b.1.c").as_deref(), Some("x\ny"));
    assert_eq!(text("t").as_deref(), Some("true"));
    assert_eq!(text("n"), None);
    assert_eq!(tree.lookup("a.b.2"), None);
    assert_eq!(tree.lookup("a.b.c"), None);
    let id = tree.lookup("a.b.0").unwrap();
    assert_eq!((tree.as_i64(id), tree.depth(id)), (Some(10), 3));
    let keys: Vec<_> = tree.descendants(tree.root()).map(|id| tree.key(id)).collect();
    assert_eq!(keys, ["", "a", "b", "", "", "c", "t", "n"]);
}

#[test]
fn edits_keep_order_and_links() {
    let mut tree = tree(r#"{"a":1,"b":{"x":[1,2]},"c":3}"#);
    let root = tree.root();
    let (a, b, c) = (tree.get(root, "a"), tree.get(root, "b"), tree.get(root, "c"));
    tree.remove(c.unwrap());
    tree.set(root, "d", "q\"\\");
    tree.remove(a.unwrap());
    tree.move_to(b.unwrap(), b.unwrap());
    let list = tree.lookup("b.x").unwrap();
    tree.push(list, 3);
    tree.move_to(list, root);
    let object = tree.append(root, "o", Scalar::Object);
    tree.move_to(tree.get(root, "d").unwrap(), object);
    tree.copy_to(list, object, "y");
    tree.rename(list, "z\n");
    assert_eq!(tree.to_json(root), r#"{"b":{},"z\n":[1,2,3],"o":{"d":"q\"\\","y":[1,2,3]}}"#);
    tree.set(root, "o", false);
    tree.set(root, "b", Scalar::Number("1e9"));
    assert_eq!(tree.to_json(root), r#"{"b":1e9,"z\n":[1,2,3],"o":false}"#);
    assert_eq!(tree.get(root, "z\n"), Some(list));
}

#[test]
fn a_copy_inside_its_own_source_ends() {
    let mut tree = tree(r#"{"a":{"b":1}}"#);
    let a = tree.lookup("a").unwrap();
    tree.copy_to(a, a, "c");
    assert_eq!(tree.to_json(tree.root()), r#"{"a":{"b":1,"c":{"b":1}}}"#);
}

#[test]
fn index_follows_every_change() {
    let mut tree = tree(r#"{"x":{"SrcIP":"1"},"y":[{"srcip":"2"}]}"#);
    let token = tree.vocabulary().token("srcip").unwrap();
    let found =
        |tree: &Tree| tree.find(token).filter_map(|id| tree.owned_text(id)).collect::<String>();
    assert_eq!(found(&tree), "12");
    let x = tree.lookup("x").unwrap();
    tree.remove(x);
    assert_eq!(found(&tree), "2");
    let inner = tree.lookup("y.0.srcip").unwrap();
    tree.rename(inner, "other");
    assert!(!tree.has(token));
    tree.rename(inner, "srcip");
    tree.set(tree.root(), "srcip", "3");
    assert_eq!(found(&tree), "23");
    tree.replace(tree.lookup("y").unwrap(), Scalar::Null);
    assert_eq!(found(&tree), "3");
    tree.clear();
    assert!(!tree.has(token));
}

#[test]
fn the_text_of_a_part_takes_no_more_memory_than_it_needs() {
    let tree = tree(&format!("[1,\"{}\"]", "x".repeat(10_000)));
    let first = tree.element(tree.root(), 0).unwrap();
    assert!(tree.to_json(first).capacity() < 100);
}

#[test]
fn wraps_a_value_in_place() {
    for (json, expected) in [
        (r#"{"a":{"x":[1],"y":2},"b":0}"#, r#"{"a":[{"x":[1],"y":2}],"b":0}"#),
        (r#"{"a":"t\u00e9xt"}"#, r#"{"a":["t\u00e9xt"]}"#),
        (r#"{"a":true,"a":1}"#, r#"{"a":[true],"a":1}"#),
        (r#"{"a":[]}"#, r#"{"a":[[]]}"#),
    ] {
        let mut tree = tree(json);
        let id = tree.lookup("a").unwrap();
        let element = tree.wrap(id);
        assert_eq!(tree.to_json(tree.root()), expected);
        assert_eq!((tree.element(id, 0), tree.depth(element)), (Some(element), 2));
        assert!(tree.descendants(element).all(|below| tree.is_attached(below)));
    }
}

#[test]
fn words_of_the_vocabulary_are_keys_like_others() {
    let mut tree = Tree::new(Arc::new(Vocabulary::new(["srcip", "q\"uote", "größe"])));
    let tokens: Vec<_> =
        ["srcip", "q\"uote", "größe"].map(|word| tree.vocabulary().token(word).unwrap()).into();
    for token in &tokens {
        tree.append_word(tree.root(), *token, 1);
    }
    assert_eq!(tree.to_json(tree.root()), r#"{"srcip":1,"q\"uote":1,"größe":1}"#);
    for (word, token) in ["srcip", "q\"uote", "größe"].into_iter().zip(tokens) {
        assert_eq!(tree.get(tree.root(), word), tree.member(tree.root(), token), "{word}");
        assert_eq!(tree.find(token).count(), 1, "{word}");
    }
    assert!(!tree.lowercase_keys());
}

#[test]
fn moves_chosen_children_in_one_pass() {
    for (json, expected) in [
        (r#"{"a":1,"to":{"x":0},"b":2,"c":[3]}"#, r#"{"to":{"x":0,"a":1,"c":[3]},"b":2}"#),
        (r#"{"to":{},"b":2}"#, r#"{"to":{},"b":2}"#),
        (r#"{"b":2,"a":1,"to":{}}"#, r#"{"b":2,"to":{"a":1}}"#),
    ] {
        let mut tree = tree(json);
        let to = tree.lookup("to").unwrap();
        tree.move_children(tree.root(), to, |tree, id| tree.key(id) != "b");
        assert_eq!(tree.to_json(tree.root()), expected);
    }
    let mut tree = tree(r#"{"a":{"to":[]},"b":1}"#);
    let to = tree.lookup("a.to").unwrap();
    tree.move_children(tree.root(), to, |_, _| true);
    assert_eq!(tree.to_json(tree.root()), r#"{"a":{"to":[1]}}"#);
    tree.move_children(to, to, |_, _| true);
    tree.move_children(to, tree.root(), |_, _| true);
    assert!(tree.lookup("a.to").is_some_and(|to| tree.children(to).next().is_none()));
}

#[test]
fn lists_known_members_in_order() {
    let mut tree = tree(r#"{"time":1,"x":[{"srcip":2}],"tags":3}"#);
    tree.remove(tree.lookup("tags").unwrap());
    tree.set(tree.root(), "time2", 4);
    tree.rename(tree.lookup("time2").unwrap(), "Time");
    let members: Vec<_> = tree
        .known_members()
        .filter(|(_, id)| tree.is_attached(*id))
        .map(|(token, id)| (token.index(), tree.as_i64(id).unwrap()))
        .collect();
    let index = |word| tree.vocabulary().token(word).unwrap().index();
    assert_eq!(members, [(index("time"), 1), (index("srcip"), 2), (index("time"), 4)]);
    let member = |object, word: &str| {
        let id = tree.member(object, tree.vocabulary().token(word)?)?;
        tree.as_i64(id)
    };
    let time = tree.lookup("Time").unwrap();
    assert_eq!(tree.token(time), tree.vocabulary().token("time"));
    assert_eq!(tree.token(tree.lookup("x").unwrap()), None);
    assert_eq!(member(tree.root(), "time"), Some(1));
    assert_eq!(member(tree.root(), "srcip"), None);
    assert_eq!(member(tree.root(), "tags"), None);
    assert_eq!(member(tree.lookup("x.0").unwrap(), "srcip"), Some(2));
}

#[test]
fn nesting_of_any_depth_is_safe() {
    let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    let mut tree = Tree::new(Arc::default());
    let limits = ParseLimits { depth_max: 200_000, ..ParseLimits::default() };
    tree.parse(deep.as_bytes(), limits).unwrap();
    assert_eq!(tree.to_json(tree.root()), deep);
    assert_eq!(tree.descendants(tree.root()).count(), 100_001);
}

fn any_json() -> impl Strategy<Value = String> {
    let string = "[a-zA-Z\"\\\\\u{1}\n é😀]{0,12}".prop_map(|plain| {
        let mut out = String::from("\"");
        super::escape_into(&plain, &mut out);
        out + "\""
    });
    let leaf = prop_oneof![
        Just("null".to_owned()),
        Just("true".to_owned()),
        "-?(0|[1-9][0-9]{0,25})(\\.[0-9]{1,5})?([eE][+-]?[0-9]{1,3})?",
        string.clone(),
    ];
    leaf.prop_recursive(5, 60, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6)
                .prop_map(|all| format!("[{}]", all.join(","))),
            prop::collection::vec((string.clone(), inner), 0..6).prop_map(|all| {
                let members: Vec<_> =
                    all.iter().map(|(key, value)| format!("{key}:{value}")).collect();
                format!("{{{}}}", members.join(","))
            }),
        ]
    })
}

proptest! {
    #[test]
    fn every_document_comes_back_unchanged(json in any_json()) {
        let tree = tree(&json);
        prop_assert_eq!(tree.to_json(tree.root()), json);
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let mut tree = Tree::new(Arc::default());
        let _ = tree.parse(&bytes, ParseLimits::default());
        let is_object = tree.kind(tree.root()) == Kind::Object;
        prop_assert_eq!(is_object, tree.to_json(tree.root()).starts_with('{'));
    }

    #[test]
    fn damaged_documents_never_panic(
        json in any_json(),
        cut in 0_usize..100,
        byte in any::<u8>(),
    ) {
        let mut bytes = json.into_bytes();
        let place = cut % bytes.len().max(1);
        bytes[place] = byte;
        let mut tree = Tree::new(Arc::default());
        let _ = tree.parse(&bytes, ParseLimits::default());
    }
}

#[test]
fn a_graft_keeps_spelling_and_order() {
    let mut from = Tree::new(Arc::default());
    let text = br#"{"a":{"B\u0041":[1.0,"x\ty",{"c":null}],"d":true},"e":1e400}"#;
    from.parse(text, ParseLimits::default()).unwrap();
    let mut tree = Tree::new(Arc::default());
    for child in from.children(from.root()) {
        tree.graft(tree.root(), &from.key(child), &from, child);
    }
    let list = tree.append(tree.root(), "list", Scalar::Array);
    tree.graft(list, "", &from, from.lookup("a.d").unwrap());
    let expected = r#"{"a":{"BA":[1.0,"x\ty",{"c":null}],"d":true},"e":1e400,"list":[true]}"#;
    assert_eq!(tree.to_json(tree.root()), expected);
}
