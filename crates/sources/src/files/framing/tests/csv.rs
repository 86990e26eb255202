//! Rows with a header.

use proptest::prelude::*;

use super::super::CsvFramer;
use super::{LIMIT, frames_with};

fn check_csv(content: &str, expected: &[&str]) {
    for cuts in [&[usize::MAX][..], &[1], &[5], &[64]] {
        let found = frames_with(&mut CsvFramer::new(b',', LIMIT), content.as_bytes(), cuts);
        assert_eq!(found, expected, "{content:?} in pieces of {cuts:?}");
    }
}

#[test]
fn csv_rows_become_objects() {
    check_csv("a,b\n1,2\n", &[r#"1,2 => {"a":"1","b":"2"}"#]);
    check_csv("a,b\r\n1,\r\n\r\n,2", &[r#"1, => {"a":"1","b":""}"#, r#",2 => {"a":"","b":"2"}"#]);
    check_csv(
        "a,b\n\"x,\ny\",\"say \"\"hi\"\"\"\n",
        &["\"x,\ny\",\"say \"\"hi\"\"\" => {\"a\":\"x,\\ny\",\"b\":\"say \\\"hi\\\"\"}"],
    );
    check_csv("a,a,,a\n1,2,3,4\n", &[r#"1,2,3,4 => {"a":"1","a_2":"2","column_3":"3","a_3":"4"}"#]);
    check_csv(
        "a,b\n1,2,3\n4,5\n",
        &["!row has 3 fields, header has 2: 1,2,3", r#"4,5 => {"a":"4","b":"5"}"#],
    );
    check_csv("a,b\n1,x\"y\"z\n", &[r#"1,x"y"z => {"a":"1","b":"x\"y\"z"}"#]);
    check_csv("a,b\n1,\"x\"y\n", &[r#"1,"x"y => {"a":"1","b":"xy"}"#]);
    check_csv(
        "a,b\n1,\"x\n2,3\n",
        &["!quoted field is not closed: 1,\"x", r#"2,3 => {"a":"2","b":"3"}"#],
    );
    check_csv("a,b\n1,\"x", &["!quoted field is not closed: 1,\"x"]);
    check_csv("", &[]);
    check_csv("a,b", &[]);
}

fn csv_like() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just(",".to_owned()),
        Just("\"".to_owned()),
        Just("\"\"".to_owned()),
        Just("\n".to_owned()),
        Just("\r\n".to_owned()),
        Just("a,b\n".to_owned()),
        "[a-z ]{0,4}",
    ];
    proptest::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn csv_frames_do_not_depend_on_the_windows(
        content in csv_like(),
        cuts in proptest::collection::vec(1_usize..200, 1..8),
        limit in prop_oneof![Just(LIMIT), Just(20_usize)],
    ) {
        let whole =
            frames_with(&mut CsvFramer::new(b',', limit), content.as_bytes(), &[usize::MAX]);
        let pieces = frames_with(&mut CsvFramer::new(b',', limit), content.as_bytes(), &cuts);
        prop_assert_eq!(whole, pieces);
    }

    #[test]
    fn csv_fields_come_back_as_they_were(
        rows in proptest::collection::vec(proptest::array::uniform3("[a-z,\"\n ]{0,6}"), 1..10),
        quote_all: bool,
    ) {
        let field = |text: &String| {
            let needs_quotes = quote_all || text.contains([',', '"', '\n']) || text.trim().is_empty();
            if needs_quotes { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.clone() }
        };
        let lines = rows.iter().map(|row| row.each_ref().map(field).join(",") + "\n");
        let content = format!("a,b,c\n{}", lines.collect::<String>());
        let found = frames_with(&mut CsvFramer::new(b',', LIMIT), content.as_bytes(), &[50]);
        let values = found.iter().map(|frame| {
            let json = frame.rsplit_once(" => ").unwrap().1;
            let value: serde_json::Value = serde_json::from_str(json).unwrap();
            ["a", "b", "c"].map(|name| value[name].as_str().unwrap().to_owned())
        });
        prop_assert_eq!(values.collect::<Vec<_>>(), rows);
    }
}
