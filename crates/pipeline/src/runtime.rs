//! Running plugins over events: ordering, registration, the audit trail, rejects.

use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use headwater_event::json::{Kind, NodeId, ParseLimits, Token, Vocabulary};
use headwater_event::{Envelope, Event, Origin, Reject, Stage};
use headwater_indicators::Keys;

use crate::mapping::{Explanation, Mapping, Mappings};
use crate::meaning::Meaning;
use crate::watch::{Watch, Watches};
use crate::{IdSource, Metadata, PipelineError, Plugin, PluginKind, Verdict};

/// Settings of a pipeline.
#[derive(Debug, Clone, Copy, Default)]
pub struct PipelineOptions {
    /// Bounds of one JSON document.
    pub parse_limits: ParseLimits,
}

/// Takes what a pipeline makes of envelopes.
pub trait Output {
    /// A finished event and the envelope it came from (of an unrolled array: its element).
    ///
    /// # Errors
    /// Why the event cannot be kept; it becomes a reject of stage `write`.
    fn event(&mut self, event: &Event, envelope: Envelope<'_>) -> Result<(), String>;

    /// A refused record.
    fn reject(&mut self, reject: Reject, origin: &Origin);

    /// An event that a plugin dropped on purpose.
    fn dropped(&mut self);
}

/// Memory that a worker keeps between events; what one huge event needed beyond it is given back.
const KEEP_BYTES_MAX: usize = 4 << 20;

/// Arrays inside arrays are unrolled this deep; deeper ones are rejected.
const UNROLL_DEPTH_MAX: u32 = 3;

#[derive(Debug)]
enum Trigger {
    Always,
    Words(Vec<(Option<Token>, String)>),
}

#[derive(Debug)]
struct Step {
    plugin: Box<dyn Plugin>,
    name: Arc<str>,
    audit_name: String,
    trigger: Trigger,
}

/// An ordered set of plugins with its key index. Shared by all workers.
#[derive(Debug)]
pub struct Pipeline {
    mappings: Mappings,
    steps: Vec<Step>,
    vocabulary: Arc<Vocabulary>,
    options: PipelineOptions,
    watches: Watches,
}

impl Pipeline {
    /// [`Pipeline::with_mappings`] without any: events get no OCSF object.
    ///
    /// # Errors
    /// Two plugins of a kind share a name, or too many words are registered.
    pub fn new(
        plugins: Vec<Box<dyn Plugin>>,
        options: PipelineOptions,
    ) -> Result<Self, PipelineError> {
        Self::with_mappings(Vec::new(), plugins, options)
    }

    /// Orders the plugins and builds the index of the words that they and the mappings ask for.
    /// Mappings are asked in their order.
    ///
    /// # Errors
    /// Two plugins of a kind share a name, or too many words are registered.
    pub fn with_mappings(
        mappings: Vec<Box<dyn Mapping>>,
        mut plugins: Vec<Box<dyn Plugin>>,
        options: PipelineOptions,
    ) -> Result<Self, PipelineError> {
        plugins.sort_by(|left, right| order_of(&**left).cmp(&order_of(&**right)));
        let mut names = HashSet::new();
        let mut words: HashSet<String> = Mappings::words(&mappings).map(str::to_owned).collect();
        for plugin in &plugins {
            if !names.insert((plugin.kind(), plugin.name().to_owned())) {
                return Err(PipelineError::DuplicateName {
                    kind: plugin.kind().audit_prefix(),
                    name: plugin.name().to_owned(),
                });
            }
            words.extend(plugin.registration());
            words.extend(plugin.words());
        }
        PipelineError::check_words(words.len())?;
        let vocabulary = Arc::new(Vocabulary::new(words.iter().map(String::as_str)));
        let steps = plugins.into_iter().map(|plugin| Step::new(plugin, &vocabulary)).collect();
        let mappings = Mappings::new(mappings, &vocabulary)?;
        Ok(Self { mappings, steps, vocabulary, options, watches: Watches::default() })
    }

    /// Watches these lists from now on, instead of those before: events that match are tagged.
    pub fn watch(&self, watches: Vec<Watch>) {
        self.watches.replace(watches);
    }

    /// Names of the plugins in the order in which they run, as the audit trail writes them.
    pub fn plugin_names(&self) -> impl Iterator<Item = &str> {
        self.steps.iter().map(|step| step.audit_name.as_str())
    }

    /// State for one thread that runs this pipeline.
    #[must_use]
    pub fn worker(self: &Arc<Self>) -> Worker {
        Worker {
            pipeline: Arc::clone(self),
            event: Event::with_ocsf(
                Arc::clone(&self.vocabulary),
                Arc::clone(self.mappings.catalogue().vocabulary()),
            ),
            meaning: Meaning::new(self.mappings.catalogue()),
            ids: IdSource::default(),
            keys: Keys::default(),
            audit: Vec::new(),
        }
    }
}

fn order_of(plugin: &dyn Plugin) -> (PluginKind, i32, &str) {
    (plugin.kind(), plugin.priority(), plugin.name())
}

impl Step {
    fn new(mut plugin: Box<dyn Plugin>, vocabulary: &Arc<Vocabulary>) -> Self {
        plugin.bind(vocabulary);
        let registration = plugin.registration();
        let trigger = if registration.iter().any(|word| word == "*") {
            Trigger::Always
        } else {
            let with_token = |word: String| (vocabulary.token(&word), word);
            Trigger::Words(registration.into_iter().map(with_token).collect())
        };
        let audit_name = format!("{}_{}", plugin.kind().audit_prefix(), plugin.name());
        Self { name: Arc::from(plugin.name()), plugin, audit_name, trigger }
    }

    fn applies_to(&self, event: &Event) -> bool {
        let Trigger::Words(words) = &self.trigger else { return true };
        words.iter().any(|(token, word)| {
            token.is_some_and(|token| event.json.has(token))
                || event.has_tag(word)
                || event.shell("category").is_some_and(|text| text.eq_ignore_ascii_case(word))
        })
    }
}

/// Runs a pipeline on one thread, reusing its memory from event to event.
#[derive(Debug)]
pub struct Worker {
    pipeline: Arc<Pipeline>,
    event: Event,
    meaning: Meaning,
    ids: IdSource,
    keys: Keys,
    /// Indexes of the steps that ran on the current event.
    audit: Vec<usize>,
}

impl Worker {
    /// Turns one record into events and rejects: an object is one event, an array one per element,
    /// anything else a reject. Every record ends in at least one call of `output`.
    pub fn process(&mut self, envelope: Envelope<'_>, output: &mut impl Output) {
        self.process_at(envelope, 0, output);
        self.event.shrink(KEEP_BYTES_MAX);
    }

    fn process_at(&mut self, envelope: Envelope<'_>, depth: u32, output: &mut impl Output) {
        let limits = self.pipeline.options.parse_limits;
        if let Err(error) = self.event.json.parse(envelope.json, limits) {
            return refuse(envelope, error.to_string(), Stage::Parse, None, output);
        }
        let root = self.event.json.root();
        match self.event.json.kind(root) {
            Kind::Object => self.run(envelope, output),
            Kind::Array => self.unroll(envelope, depth, output),
            kind => {
                let reason = format!("document is {}, not an object", describe(kind));
                refuse(envelope, reason, Stage::Parse, None, output);
            }
        }
    }

    fn unroll(&mut self, envelope: Envelope<'_>, depth: u32, output: &mut impl Output) {
        let json = &self.event.json;
        let elements: Vec<String> =
            json.children(json.root()).map(|element| json.to_json(element)).collect();
        if elements.is_empty() || depth == UNROLL_DEPTH_MAX {
            let reason = if elements.is_empty() { "empty array" } else { "arrays nested too deep" };
            return refuse(envelope, reason.to_owned(), Stage::Parse, None, output);
        }
        for element in elements {
            let json = element.as_bytes();
            self.process_at(Envelope { original: json, json, ..envelope }, depth + 1, output);
        }
    }

    fn run(&mut self, envelope: Envelope<'_>, output: &mut impl Output) {
        let mut current = 0;
        self.audit.clear();
        let result = catch_unwind(AssertUnwindSafe(|| {
            let pipeline = &self.pipeline;
            let mut metadata = Metadata::of(&envelope, &mut self.ids);
            self.meaning.begin(&pipeline.mappings, &mut self.event, &metadata, None);
            let (event, audit) = (&mut self.event, &mut self.audit);
            let verdict = run_steps(&pipeline.steps, event, &mut metadata, audit, &mut current);
            if verdict == Verdict::Keep {
                self.meaning.finish(&mut self.event, &metadata);
                pipeline.watches.tag(&mut self.keys, &mut self.event);
            }
            verdict
        }));
        let step = self.pipeline.steps.get(current);
        let name = step.map(|step| Arc::clone(&step.name));
        let stage = match step.map(|step| step.plugin.kind()) {
            Some(PluginKind::Enrich) => Stage::Enrich,
            _ => Stage::Normalize,
        };
        match result {
            Ok(Verdict::Keep) => {
                self.write_audit();
                let kept = output.event(&self.event, envelope);
                if let Err(reason) = kept {
                    refuse(envelope, reason, Stage::Write, None, output);
                }
            }
            Ok(Verdict::Drop) => output.dropped(),
            Ok(Verdict::Reject(reason)) => {
                refuse(envelope, reason.into_owned(), stage, name, output);
            }
            Err(_) => refuse(envelope, "plugin panicked".to_owned(), stage, name, output),
        }
    }

    /// Which mapping takes a record and what it does: for `headwater ocsf explain`. The record is
    /// one object; anything else explains nothing.
    pub fn explain(&mut self, envelope: Envelope<'_>) -> Explanation {
        let mut explanation = Explanation::default();
        if self.event.json.parse(envelope.json, self.pipeline.options.parse_limits).is_ok() {
            let metadata = Metadata::of(&envelope, &mut self.ids);
            let mappings = &self.pipeline.mappings;
            self.meaning.begin(mappings, &mut self.event, &metadata, Some(&mut explanation));
        }
        explanation
    }

    fn write_audit(&mut self) {
        let list: NodeId = self.event.list("plugins");
        for index in &self.audit {
            if let Some(step) = self.pipeline.steps.get(*index) {
                self.event.json.push(list, step.audit_name.as_str());
            }
        }
    }
}

/// Runs the steps that apply, in order; `current` names the one at work, also after a panic.
fn run_steps(
    steps: &[Step],
    event: &mut Event,
    metadata: &mut Metadata<'_>,
    audit: &mut Vec<usize>,
    current: &mut usize,
) -> Verdict {
    for (index, step) in steps.iter().enumerate() {
        *current = index;
        if !step.applies_to(event) {
            continue;
        }
        let verdict = step.plugin.process(event, metadata);
        if verdict != Verdict::Keep {
            return verdict;
        }
        audit.push(index);
    }
    Verdict::Keep
}

fn refuse(
    envelope: Envelope<'_>,
    reason: String,
    stage: Stage,
    plugin: Option<Arc<str>>,
    output: &mut impl Output,
) {
    let reject = Reject {
        reason,
        stage,
        plugin,
        bytes: envelope.original.to_vec(),
        received_at: envelope.received_at,
    };
    output.reject(reject, envelope.origin);
}

const fn describe(kind: Kind) -> &'static str {
    match kind {
        Kind::Null => "null",
        Kind::Bool => "a boolean",
        Kind::Number => "a number",
        Kind::String => "a string",
        Kind::Array => "an array",
        Kind::Object => "an object",
    }
}

#[cfg(test)]
mod tests;
