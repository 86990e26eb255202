//! What is wrong with plugin files, and how it reads.

use std::fs;

use headwater_event::ErrorKind;

use super::with_header;
use crate::vrl::{VrlError, compile, compile_folder, load_folder};

/// What a user reads when a plugin with this text is loaded.
fn shown(text: &str) -> String {
    match compile("tested", text) {
        Ok(_) => "no error".to_owned(),
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::Invalid);
            error.to_string()
        }
    }
}

/// Only the headlines, with their places.
fn headlines(text: &str) -> Vec<String> {
    let error = compile("tested", text).expect_err(text);
    let line =
        |one: &super::super::Diagnostic| format!("{}:{} {}", one.line, one.column, one.message);
    error.diagnostics().iter().map(line).collect()
}

#[test]
fn an_error_shows_its_place_the_text_and_what_to_do() {
    insta::assert_snapshot!(shown(&with_header("\nabort .reason")), @r"
    1 error in 1 VRL plugin

    error[E113]: non-string abort message
     --> tested.vrl:6:7
      |
    6 | abort .reason
      |       ^^^^^^^ abort only accepts an expression argument resolving to a string
      |       ------- this expression resolves to any
      = hint: coerce the value to the required type using a coercion function
      = see documentation about type coercion at https://functions.vrl.dev/#coerce-functions
    ");
    insta::assert_snapshot!(shown(&with_header("\tif true { .q = dwncase(.q) }")), @r#"
    1 error in 1 VRL plugin

    error[E105]: call to undefined function
     --> tested.vrl:5:17
      |
    5 | 	if true { .q = dwncase(.q) }
      | 	               ^^^^^^^ undefined function
      | 	               ------- did you mean "downcase"?
    "#);
    insta::assert_snapshot!(shown(&with_header(".\"é\" = \"ü\" + get_env_var(\"HOME\")")), @r#"
    1 error in 1 VRL plugin

    error: function `get_env_var` is refused
     --> tested.vrl:5:14
      |
    5 | ."é" = "ü" + get_env_var("HOME")
      |              ^^^^^^^^^^^^^^^^^^^ plugins do not read the environment
      |              ------------------- instead: write the value into the program
    "#);
    insta::assert_snapshot!(shown("# ---\n# kind: enrich\n# prio: 5\n# ---\n.a = 1"), @r"
    1 error in 1 VRL plugin

    error: header: unknown field `prio`, expected one of kind, registration, priority, description
     --> tested.vrl:3:3
      |
    3 | # prio: 5
      |   ^^^^
      = required: kind (normalize or enrich), registration (list of words)
      = optional: priority (whole number), description
    ");
}

/// The compiler checks paths of `%` against what it knows of `.`, and its advice is wrong then.
#[test]
fn a_path_of_the_ocsf_object_that_the_compiler_mistakes_gets_our_advice() {
    insta::assert_snapshot!(shown(&with_header(". = {}\n%ocsf.severity_id = 2")), @"
    1 error in 1 VRL plugin

    error[E642]: parent path segment rejects this mutation
     --> tested.vrl:6:7
      |
    6 | %ocsf.severity_id = 2
      |       ^^^^^^^^^^^ querying a field of a non-object type is unsupported
      | ----- this path resolves to a value of type undefined
      = the compiler takes `%ocsf` for a part of `.`, which the program replaced
      = assign below `%ocsf` before that, or the whole of it: `%ocsf = merge(%ocsf, {…})`
    ");
}

#[test]
fn all_errors_of_a_file_are_reported_together() {
    let text =
        "# ---\n# kind: enriches\n# registration: [a]\n# ---\n.a = upcase(.b)\n.c = nope()\n";
    assert_eq!(
        headlines(text),
        [
            "2:9 header: unknown variant `enriches`, expected one of normalize, enrich",
            "5:6 unhandled fallible assignment",
            "6:6 call to undefined function",
        ]
    );
}

#[test]
fn headers_are_strict() {
    let check = |header: &str, wanted: &str| {
        assert_eq!(headlines(&format!("{header}\n.a = 1\n")), [wanted], "{header}");
    };
    check("", "1:1 file does not begin with a header");
    check("#---\n# kind: enrich\n#---", "1:1 file does not begin with a header");
    check("# ---\n# kind: enrich", "3:1 line inside the header is not a comment");
    check("# ---\n# ---", "1:1 header: unexpected end of file");
    check("# ---\n# kind: enrich\n# ---", "2:3 header: missing field `registration`");
    check("# ---\n# registration: [a]\n# ---", "2:3 header: missing field `kind`");
    check("# ---\n# kind: enrich\n# registration: []\n# ---", EMPTY);
    check("# ---\n# kind: enrich\n# registration: [\" \"]\n# ---", EMPTY);
    check("# ---\n# kind: enrich\n# registration: a\n# ---", "3:17 header: expected a list");
    let duplicate = "3:3 header: duplicate mapping key `kind` is not allowed here";
    check("# ---\n# kind: enrich\n# kind: enrich\n# registration: [a]\n# ---", duplicate);
    let number = "4:13 header: expected a whole number";
    check("# ---\n# kind: enrich\n#registration: [a]\n# priority: high\n# ---", number);
    assert_eq!(headlines("# ---\n# kind: enrich\n"), ["1:1 header is not closed"]);
    let star = shown("# ---\n# kind: enrich\n# registration: [*]\n# ---\n");
    assert!(star.ends_with("= to run on every event: registration: [\"*\"]"), "{star}");
}

const EMPTY: &str = "3:3 `registration` needs words, none of them empty";

#[test]
fn what_can_never_work_does_not_compile() {
    let check = |program: &str, wanted: &str| {
        assert_eq!(headlines(&with_header(program)), [wanted], "{program}");
    };
    check(". = [1]", "0:0 the program always makes the event [integer]");
    check(".a = %hots", "5:6 there is no `%hots`");
    check("%hots = 1", "5:1 there is no `%hots`");
    check("%[0] = 1", "5:2 parent path segment rejects this mutation");
    check(".a = %[0]", "5:6 there is no `%[0]`");
    check("%ocsf = \"text\"", "0:0 the program always makes the OCSF object string");
    check("%host = 1", "5:1 mutation of read-only value");
    check("%host.name = 1", "5:1 mutation of read-only value");
    check("% = {}", "5:1 mutation of read-only value");
    check("del(%)", "5:1 error[E315] mutation of read-only value");
    check("del(%host)", "5:1 error[E315] mutation of read-only value");
    check(".a = now() + 1", "5:6 unhandled fallible assignment");
    for call in [
        "random_int(0, 10)",
        "random_bool()",
        "random_bytes(4)",
        "random_float(0.0, 1.0)",
        "uuid_v4()",
        "uuid_v7()",
        "get_env_var(\"HOME\")",
        "get_env_var!(name: \"HOME\")",
        "get_hostname!()",
        "get_timezone_name!()",
        "log(.a, level: \"warn\", rate_limit_secs: 1)",
        "dns_lookup!(\"a.example\", qtype: \"A\")",
        "reverse_dns!(\"192.0.2.1\")",
        "http_request!(\"http://a.example\", method: \"get\", headers: {})",
        "validate_json_schema!(.a, schema_definition: \"a.json\", ignore_unknown_formats: false)",
    ] {
        let name = call.split(['(', '!']).next().unwrap();
        check(&format!(".b = {call}"), &format!("5:6 function `{name}` is refused"));
    }
}

#[test]
fn a_result_that_nobody_uses_is_a_warning() {
    let plugin = compile("tested", &with_header("upcase(\"a\")\n.b = 1")).unwrap();
    let warnings: Vec<_> = plugin.warnings().iter().map(ToString::to_string).collect();
    assert_eq!(warnings.len(), 1);
    insta::assert_snapshot!(warnings[0], @r#"
    warning[E900]: unused result for function call `upcase("a")`
     --> tested.vrl:5:1
      |
    5 | upcase("a")
      | ^^^^^^^^^^^ help: use the result of this expression or remove it
      = this expression has no side-effects
    "#);
}

#[test]
fn a_folder_is_read_flat_in_the_order_of_names() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    assert_eq!(compile_folder(folder.path()).unwrap().len(), 0);
    fs::create_dir(folder.path().join("sub.vrl")).unwrap();
    write("sub.vrl/inner.vrl", "broken");
    write("b.vrl", &with_header(".b = 1"));
    write("a.vrl", &with_header(".a = 1"));
    write(".hidden.vrl", "broken");
    write("c.vrl.bak", "broken");
    write("notes.txt", "broken");
    let plugins = load_folder(folder.path()).unwrap();
    let names: Vec<_> = plugins.iter().map(|plugin| plugin.name().to_owned()).collect();
    assert_eq!(names, ["a", "b"]);
}

#[test]
fn all_errors_of_all_files_are_reported_together() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &[u8]| fs::write(folder.path().join(name), text).unwrap();
    write("a.vrl", b".a = 1");
    write("bad-Name.vrl", with_header(".a = 1").as_bytes());
    write("binary.vrl", b"# ---\xff");
    write("good.vrl", with_header(".a = 1").as_bytes());
    write("huge.vrl", &vec![b'#'; (1 << 20) + 1]);
    write("z.vrl", with_header(".a = nope()").as_bytes());
    let error = load_folder(folder.path()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    let shown = error.to_string().replace(folder.path().to_str().unwrap(), "plugins");
    insta::assert_snapshot!(shown, @r#"
    5 errors in 5 VRL plugins

    error: file does not begin with a header
     --> plugins/a.vrl:1:1
      |
    1 | .a = 1
      | ^^^^^^
      = begin it with:
      =     # ---
      =     # kind: enrich
      =     # registration: ["*"]
      =     # ---

    error: the name of a plugin has lower-case letters, digits and `_` only
     --> plugins/bad-Name.vrl
      = rename the file: bad_name.vrl

    error: not UTF-8 at byte 5
     --> plugins/binary.vrl

    error: longer than 1048576 bytes
     --> plugins/huge.vrl

    error[E105]: call to undefined function
     --> plugins/z.vrl:5:6
      |
    5 | .a = nope()
      |      ^^^^ undefined function
      |      ---- did you mean "pop"?
    "#);
}

#[test]
fn a_folder_that_cannot_be_listed_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let missing = load_folder(&folder.path().join("none")).unwrap_err();
    assert_eq!(missing.kind(), ErrorKind::NotFound);
    assert!(missing.to_string().starts_with("cannot read plugin folder `"));
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    assert_eq!(load_folder(&file).unwrap_err().kind(), ErrorKind::Invalid);
    assert!(matches!(missing, VrlError::Folder { .. }));
}
