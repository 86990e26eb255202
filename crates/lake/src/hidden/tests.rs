//! Names of hidden columns, and which texts are integers.

#![allow(clippy::unwrap_used)]

use super::{HiddenPath, canonical_integer};

#[test]
fn names_lead_back() {
    for name in ["details/eventname", "ocsf/actor/user/name", "details/a~1b/0"] {
        assert_eq!(HiddenPath::parse(name).unwrap().to_string(), name);
    }
    for name in ["", "raw/x", "details", "details.a", "detailsx/a", "details/a~"] {
        assert!(HiddenPath::parse(name).is_err(), "{name}");
    }
}

#[test]
fn integers_are_those_that_are_spelled_as_sql_spells_them() {
    for (text, number) in [("0", 0), ("-1", -1), ("42", 42), ("-9223372036854775808", i64::MIN)] {
        assert_eq!(canonical_integer(text), Some(number));
        assert_eq!(number.to_string(), text);
    }
    for text in ["", "-", "-0", "00", "01", "+1", "1.0", "1e3", " 1", "9223372036854775808", "0x1"]
    {
        assert_eq!(canonical_integer(text), None, "{text}");
    }
}
