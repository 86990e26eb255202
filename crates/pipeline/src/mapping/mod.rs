//! From a log format's own fields to OCSF: the contract of mappings and how one is chosen.
//!
//! A mapping reads the record as it arrived (normalizers run later) and writes an OCSF object
//! through a [`Mapper`], which knows the schema: it converts values to the type, refuses
//! attributes that the class does not have, and puts every field that was not used below
//! `unmapped` under its own name. So a mapping cannot lose anything and cannot write a wrong type.

mod convert;
mod index;
mod leftover;
mod mapper;
mod source;
mod target;
mod to;

use std::cell::RefCell;
use std::fmt;
use std::sync::Arc;

use headwater_event::json::{Token, Tree, Vocabulary};
use headwater_event::{Event, Timestamp};
use headwater_ocsf::{Catalogue, Version};

pub use mapper::{Mapper, Step};
pub use source::{Field, Source};
pub use to::To;

use index::Index;
use target::Targets;

use crate::{Metadata, PipelineError, base_event};

/// One log format's way into OCSF.
///
/// Contract: pure and deterministic; `recognises` looks at what is there and changes nothing.
pub trait Mapping: Send + Sync + fmt::Debug {
    /// Unique, `snake_case`: `aws_cloudtrail`.
    fn name(&self) -> &'static str;

    /// Sets of top-level keys (in any ASCII case): of one set all have to be there.
    fn keys(&self) -> &'static [&'static [&'static str]];

    /// Whether a record that has the keys is of this format.
    fn recognises(&self, source: &Source<'_>) -> bool {
        let _ = source;
        true
    }

    /// Writes the OCSF object. A mapping that sets no class has not recognised the record after
    /// all, and the next one is asked.
    fn map(&self, mapper: &mut Mapper<'_>);
}

/// Which mapping took a record, and what it did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Explanation {
    /// Name of the mapping; `None` when nobody recognised the record.
    pub mapping: Option<&'static str>,
    /// The keys by which it was recognised.
    pub keys: Vec<&'static str>,
    /// What was written from which field, in order.
    pub steps: Vec<Step>,
}

/// Most keys that all mappings together are recognised by.
pub(crate) const KEYS_MAX: usize = 1_024;

/// Presence of the keys that mappings are recognised by.
type Presence = [u64; KEYS_MAX / 64];

/// The mappings of a pipeline, in the order in which they are asked.
#[derive(Debug)]
pub struct Mappings {
    entries: Vec<Entry>,
    /// Key of presence by token.
    keys: Vec<Option<u16>>,
    catalogue: &'static Catalogue,
}

#[derive(Debug)]
struct Entry {
    mapping: Box<dyn Mapping>,
    /// A set of keys and its presence.
    sets: Vec<(&'static [&'static str], Presence)>,
}

impl Mappings {
    /// Words that the pipeline's vocabulary has to hold.
    pub(crate) fn words(mappings: &[Box<dyn Mapping>]) -> impl Iterator<Item = &'static str> + '_ {
        mappings.iter().flat_map(|one| one.keys().iter().copied().flatten().copied())
    }

    /// Prepares mappings for trees of a vocabulary, which holds their words.
    ///
    /// # Errors
    /// Together they have more than [`KEYS_MAX`] keys.
    pub(crate) fn new(
        mappings: Vec<Box<dyn Mapping>>,
        vocabulary: &Vocabulary,
    ) -> Result<Self, PipelineError> {
        let mut keys: Vec<Option<u16>> = vec![None; vocabulary.words().count()];
        let mut count = 0;
        let mut bit = |key: &str| -> Option<u16> {
            let place = keys.get_mut(vocabulary.token(key)?.index())?;
            Some(*place.get_or_insert_with(|| {
                count += 1;
                count - 1
            }))
        };
        let mut set = |words: &'static [&'static str]| {
            let mut presence = Presence::default();
            for word in words {
                set_bit(&mut presence, bit(word)?);
            }
            Some((words, presence))
        };
        let entry = |mapping: Box<dyn Mapping>| {
            let sets = mapping.keys().iter().filter_map(|words| set(words)).collect();
            Entry { mapping, sets }
        };
        let entries = mappings.into_iter().map(entry).collect();
        if usize::from(count) > KEYS_MAX {
            return Err(PipelineError::TooManyKeys { keys: usize::from(count), max: KEYS_MAX });
        }
        Ok(Self { entries, keys, catalogue: Version::NATIVE.catalogue() })
    }

    /// The schema that mappings write.
    pub(crate) const fn catalogue(&self) -> &'static Catalogue {
        self.catalogue
    }

    /// Whether there are none: then events have no OCSF object.
    pub(crate) const fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Writes the OCSF object of an event whose document is as it arrived. Returns the time that
    /// the mapping found, and tells `explanation` what was done.
    pub(crate) fn map(
        &self,
        event: &mut Event,
        scratch: &mut Scratch,
        metadata: &Metadata<'_>,
        mut explanation: Option<&mut Explanation>,
    ) -> Option<Timestamp> {
        let Event { json, ocsf, .. } = event;
        let presence = self.presence(json);
        scratch.index.build(json);
        for entry in &self.entries {
            let Some(keys) = entry.keys_in(&presence) else { continue };
            let source = Source::new(json, &scratch.index, metadata);
            if !entry.mapping.recognises(&source) {
                continue;
            }
            let mut mapper = Mapper::new(json, ocsf, scratch, self.catalogue, metadata);
            mapper.traces(explanation.is_some());
            entry.mapping.map(&mut mapper);
            if mapper.is_classified() {
                let (time, mut steps) = mapper.finish();
                if let Some(explanation) = explanation.as_deref_mut() {
                    steps.extend(unmapped(ocsf));
                    let mapping = Some(entry.mapping.name());
                    *explanation = Explanation { mapping, keys: keys.to_vec(), steps };
                }
                return time;
            }
        }
        let mut mapper = Mapper::new(json, ocsf, scratch, self.catalogue, metadata);
        mapper.traces(explanation.is_some());
        mapper.class(0, 0);
        let product = metadata.origin.source.as_deref().unwrap_or("Unknown");
        mapper.set("metadata.product.name", product);
        mapper.set("severity_id", 0_i64);
        if let Some((time, text)) = base_event::leading_time(&mapper.source()) {
            mapper.set_time(time);
            mapper.set("metadata.original_time", text.as_str());
        }
        let (time, mut steps) = mapper.finish();
        if let Some(explanation) = explanation {
            steps.extend(unmapped(ocsf));
            *explanation = Explanation { mapping: None, keys: Vec::new(), steps };
        }
        time
    }

    fn presence(&self, json: &Tree) -> Presence {
        let mut presence = Presence::default();
        for child in json.children(json.root()) {
            let key = json.token(child).and_then(|token: Token| self.keys.get(token.index()));
            if let Some(Some(bit)) = key {
                set_bit(&mut presence, *bit);
            }
        }
        presence
    }
}

/// The way of the fields that no attribute took; of an object that is left in part, its own.
fn unmapped(ocsf: &Tree) -> impl Iterator<Item = Step> + '_ {
    let left = ocsf.get(ocsf.root(), "unmapped").into_iter();
    left.flat_map(|object| ocsf.children(object)).map(|field| {
        let from = ocsf.key(field).into_owned();
        Step { to: format!("unmapped.{from}"), from }
    })
}

impl Entry {
    fn keys_in(&self, presence: &Presence) -> Option<&'static [&'static str]> {
        let is_there = |(_, wanted): &&(&'static [&'static str], Presence)| {
            wanted.iter().zip(presence).all(|(wanted, present)| wanted & present == *wanted)
        };
        self.sets.iter().find(is_there).map(|(keys, _)| *keys)
    }
}

fn set_bit(presence: &mut Presence, bit: u16) {
    if let Some(word) = presence.get_mut(usize::from(bit / 64)) {
        *word |= 1 << (bit % 64);
    }
}

/// Memory that mapping keeps from event to event.
#[derive(Debug)]
pub struct Scratch {
    /// Fields that a mapping found inside texts.
    extra: Tree,
    used: source::Used,
    index: Index,
    targets: RefCell<Targets>,
}

impl Default for Scratch {
    fn default() -> Self {
        Self {
            extra: Tree::new(Arc::default()),
            used: source::Used::default(),
            index: Index::default(),
            targets: RefCell::default(),
        }
    }
}

#[cfg(test)]
mod tests;
