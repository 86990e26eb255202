//! Events that are OCSF already: taken as they are. Contract: the base event's required attributes.

use headwater_pipeline::mapping::{Mapper, Mapping, Source};

#[derive(Debug)]
pub(super) struct Ocsf;

impl Mapping for Ocsf {
    fn name(&self) -> &'static str {
        "ocsf"
    }

    fn keys(&self) -> &'static [&'static [&'static str]] {
        &[&["class_uid", "metadata", "time"], &["class_uid", "category_uid", "type_uid"]]
    }

    fn recognises(&self, source: &Source<'_>) -> bool {
        source.integer("class_uid").is_some()
    }

    fn map(&self, mapper: &mut Mapper<'_>) {
        mapper.adopt();
    }
}
