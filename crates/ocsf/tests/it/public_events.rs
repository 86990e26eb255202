//! Public OCSF events, from the outside test data.

use std::io::Read as _;

use headwater_testkit::test_data;
use serde_json::{Deserializer, Value};

const ARCHIVES: [&str; 2] = [
    "real/ocsf_pairs/ocsf_examples_ilf_ocsf_events.tar.gz",
    "real/ocsf_pairs/ocsf_examples_pairs.tar.gz",
];

/// Every OCSF event of the archives as one line of JSON; `None` where the data is absent.
pub(crate) fn all() -> Option<Vec<String>> {
    let mut events = Vec::new();
    for archive in ARCHIVES {
        let file = std::fs::File::open(test_data(archive)?).unwrap();
        let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(file));
        for entry in archive.entries().unwrap() {
            let mut entry = entry.unwrap();
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).unwrap();
            let Ok(text) = String::from_utf8(bytes) else { continue };
            for value in Deserializer::from_str(&text).into_iter::<Value>().map_while(Result::ok) {
                match value {
                    Value::Array(list) => events.extend(list),
                    one => events.push(one),
                }
            }
        }
    }
    events.retain(|event| event.get("class_uid").is_some());
    Some(events.iter().map(Value::to_string).collect())
}
