//! Before all others: every key in lower case, so that neither registrations nor SQL need to know
//! how a producer spells them.
//!
//! Values stay as they are. Keys that become equal, or were so in the source, all stay: see
//! [`Tree::lowercase_keys`](headwater_event::json::Tree::lowercase_keys). The source spelling is in
//! the column `raw`.

use headwater_event::Event;
use headwater_pipeline::{Metadata, Plugin, PluginKind, Verdict};

#[derive(Debug)]
pub(crate) struct LowercaseKeys;

impl Plugin for LowercaseKeys {
    fn name(&self) -> &str {
        "lowercase_keys"
    }

    fn kind(&self) -> PluginKind {
        PluginKind::Normalize
    }

    fn registration(&self) -> Vec<String> {
        vec!["*".to_owned()]
    }

    fn priority(&self) -> i32 {
        1
    }

    fn process(&self, event: &mut Event, _: &mut Metadata<'_>) -> Verdict {
        event.json.lowercase_keys();
        Verdict::Keep
    }
}

#[cfg(test)]
mod tests {
    use crate::tests::check;

    #[test]
    fn lowercases_keys_at_any_depth_and_no_value() {
        check(
            r#"{"Category":"x","Tags":["T"],"Foo":{"Bar":[{"BAZ":1}]}}"#,
            &[
                ("category", Some(r#""x""#)),
                ("tags", Some(r#"["T"]"#)),
                ("details.foo", Some(r#"{"bar":[{"baz":1}]}"#)),
            ],
        );
    }

    #[test]
    fn keeps_all_members_whose_keys_collide() {
        check(
            r#"{"User":"A","user":"b","USER":"C","tags":["x"],"Tags":["y"]}"#,
            &[
                ("details.user", Some(r#""b""#)),
                ("details.user_2", Some(r#""A""#)),
                ("details.user_3", Some(r#""C""#)),
                ("tags", Some(r#"["x"]"#)),
                ("details.tags_2", Some(r#"["y"]"#)),
            ],
        );
    }
}
