//! The OCSF side of an event: mapped before plugins run, completed and checked after them.

use headwater_event::{Event, Timestamp, time};
use headwater_ocsf::{Catalogue, Collector, Validator, complete};

use crate::Metadata;
use crate::base_event;
use crate::mapping::{Explanation, Mappings, Scratch};

/// Issues that are kept of one event; what has more is broken throughout.
const ISSUES_MAX: usize = 100;

/// State of one worker.
#[derive(Debug)]
pub(crate) struct Meaning {
    catalogue: &'static Catalogue,
    validator: Validator<'static>,
    collector: Collector,
    scratch: Scratch,
    /// The time that the mapping found in the current event.
    time: Option<Timestamp>,
}

impl Meaning {
    pub(crate) fn new(catalogue: &'static Catalogue) -> Self {
        let validator = Validator::new(catalogue);
        Self {
            catalogue,
            validator,
            collector: Collector::default(),
            scratch: Scratch::default(),
            time: None,
        }
    }

    /// Maps an event that is as it arrived.
    pub(crate) fn begin(
        &mut self,
        mappings: &Mappings,
        event: &mut Event,
        metadata: &Metadata<'_>,
        explanation: Option<&mut Explanation>,
    ) {
        event.clear_ocsf();
        self.time = None;
        if !mappings.is_empty() {
            self.time = mappings.map(event, &mut self.scratch, metadata, explanation);
        }
    }

    /// Completes and checks the OCSF object, and makes it and the shell tell the same time. A time
    /// that the protocol or a program told wins; then the one that the mapping found.
    pub(crate) fn finish(&mut self, event: &mut Event, metadata: &Metadata<'_>) {
        let found = self.time.filter(|_| metadata.time.is_none());
        if let Some(time) = found {
            event.set_shell("utctimestamp", time.to_iso().as_str());
        }
        if !event.is_mapped() {
            return;
        }
        if metadata.time.is_some() || event.ocsf.lookup("time").is_none() {
            let now = metadata.received_at;
            let read = |text: &str| time::parse_iso_fast(text).or_else(|| time::parse(text, now));
            if let Some(time) = event.shell("utctimestamp").and_then(|text| read(&text)) {
                let root = event.ocsf.root();
                event.ocsf.set(root, "time", time.as_micros().div_euclid(1_000));
            }
        }
        let root = event.ocsf.root();
        complete(self.catalogue, &mut event.ocsf, root);
        self.collector.collect(self.catalogue, &mut event.ocsf, root);
        base_event::observe(self.catalogue, &mut event.ocsf);
        let issues = self.validator.validate(&event.ocsf, root);
        for issue in issues.iter().take(ISSUES_MAX) {
            let list = event.issues.root();
            let object = event.issues.push(list, headwater_event::json::Scalar::Object);
            let mut member = |key, text: &str| {
                event.issues.append(object, key, text);
            };
            member("severity", issue.severity().text());
            member("code", issue.code.text());
            member("path", &issue.path);
            member("value", &issue.value);
        }
    }
}
