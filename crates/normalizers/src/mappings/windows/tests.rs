//! Values that Windows writes in several ways, and events as XML text.

use std::sync::Arc;

use headwater_event::json::Tree;

use super::{values, xml};

fn read(text: &str) -> (bool, String) {
    let mut tree = Tree::new(Arc::default());
    let is_whole = xml::read(text, &mut tree);
    (is_whole, tree.to_json(tree.root()))
}

#[test]
fn reads_system_and_data_of_event_xml() {
    let (is_whole, json) = read(
        "- <Event xmlns='x'><System><Provider Name='P &amp; Q'/><EventID Qualifiers='0'>7</EventID>\
         </System><EventData><Data Name='a'>1 &lt; 2</Data><Data>x</Data><Data/><Data>z</Data>\
         </EventData></Event>",
    );
    assert!(is_whole);
    assert_eq!(
        json,
        concat!(
            r#"{"System":{"Provider":{"Name":"P & Q"},"EventID":"7","#,
            r#""EventID_attributes":{"Qualifiers":"0"}},"a":"1 < 2","param1":"x","param3":"z"}"#
        )
    );
}

#[test]
fn tells_event_xml_that_was_cut_off() {
    let (is_whole, json) = read("<Event><System><EventID>1</EventID></System><EventData><Data Na");
    assert!(!is_whole);
    assert_eq!(json, r#"{"System":{"EventID":"1"}}"#);
}

#[test]
fn writes_logon_ids_one_way() {
    for id in ["0x3E7", "0x00000000000003e7", "999"] {
        assert_eq!(values::logon_id(id), "0x3e7");
    }
}

#[test]
fn splits_hashes_and_knows_them_by_length() {
    let hashes = values::hashes("MD5=AB,IMPHASH=CD,TLSH=EF");
    let ids: Vec<i64> = hashes.iter().map(|hash| hash.algorithm_id).collect();
    assert_eq!(ids, [1, 18, 99]);
    let sha1 = values::hashes("da39a3ee5e6b4b0d3255bfef95601890afd80709");
    assert!(matches!(sha1.as_slice(), [hash] if hash.algorithm_id == 2));
}
