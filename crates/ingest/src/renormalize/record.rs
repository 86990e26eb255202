//! The record that a row was made of, as its mapping saw it: from the text that was kept, or from
//! what normalizers made of it.

use headwater_event::json::{Kind, NodeId, ParseLimits, Scalar, Tree};
use headwater_sources::line_object;

use super::row::Row;

/// Members that senders add to a record: HEC's `fields`, the document id of a bulk request. They
/// are not in the record's own text.
const ADDED: [&str; 2] = ["fields", "_id"];

/// What normalizers add to `details` and no record has.
const MADE: [&str; 2] = ["_utcprocessedtimestamp", "_ipaddresses"];

/// What normalizers add as a copy of another member, where the record has no such one itself.
const COPIED: [&str; 2] = ["sourceipaddress", "destinationipaddress"];

/// Shell members that a record may have had itself, with what the shell says when it had none.
const TEXTS: [(&str, &str); 3] =
    [("severity", "INFO"), ("summary", "UNKNOWN"), ("category", "UNKNOWN")];

/// What stands in `source` when nobody named one.
pub(super) const UNKNOWN: &str = "UNKNOWN";

/// A record to map.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) json: Vec<u8>,
    /// Whether it says itself what its source is called.
    pub(super) names_source: bool,
}

/// Makes records of rows, with memory that is used again.
#[derive(Debug)]
pub(super) struct Records {
    text: Tree,
    details: Tree,
    ocsf: Tree,
}

impl Default for Records {
    fn default() -> Self {
        let tree = || Tree::new(std::sync::Arc::default());
        Self { text: tree(), details: tree(), ocsf: tree() }
    }
}

impl Records {
    /// The record as it arrived, from its own text. `None` when there is no text, or the text alone
    /// does not tell the record (a row of a table whose header is elsewhere).
    pub(super) fn of_raw(&mut self, row: &Row<'_>) -> Option<Record> {
        let raw = row.raw()?;
        let limits = ParseLimits::default();
        let is_object = raw.trim_start().starts_with('{')
            && self.text.parse(raw.as_bytes(), limits).is_ok()
            && self.text.kind(self.text.root()) == Kind::Object;
        let details = row.details().unwrap_or_default();
        let may_matter = |name: &&str| details.contains(&format!("\"{name}\""));
        if is_object && !["message"].iter().chain(&ADDED).any(may_matter) {
            let names_source = names_source(&self.text);
            return Some(Record { json: raw.as_bytes().to_vec(), names_source });
        }
        if self.details.parse(details.as_bytes(), limits).is_err() {
            return None;
        }
        let message = self.details.get(self.details.root(), "message");
        let is_message = message
            .and_then(|id| self.details.scalar_text(id))
            .is_some_and(|text| text == raw || text == raw.trim());
        if is_message || !is_object {
            let line = self.line(raw, message.filter(|_| is_message))?;
            self.text.parse(&line, limits).ok()?;
        }
        self.add_members(row.ocsf());
        let names_source = names_source(&self.text);
        Some(Record { json: self.text.to_json(self.text.root()).into_bytes(), names_source })
    }

    /// What a line of text became: only `message`, or the fields of a syslog message.
    fn line(&self, raw: &str, message: Option<NodeId>) -> Option<Vec<u8>> {
        let has = |name| self.details.get(self.details.root(), name).is_some();
        if let Some(message) = message
            && !has("cef")
            && !has("leef")
        {
            return Some(
                [b"{\"message\":", self.details.to_json(message).as_bytes(), b"}"].concat(),
            );
        }
        let line = line_object(raw.as_bytes());
        let mut parsed = Tree::new(std::sync::Arc::default());
        parsed.parse(&line, ParseLimits::default()).ok()?;
        let text = |tree: &Tree| {
            let message = tree.get(tree.root(), "message")?;
            Some(tree.scalar_text(message)?.into_owned())
        };
        (text(&parsed)? == text(&self.details)?).then_some(line)
    }

    /// Adds what the sender said beside the text, in the spelling that `ocsf` has kept.
    fn add_members(&mut self, ocsf: Option<&str>) {
        let root = self.text.root();
        let mut unmapped = None;
        for name in ADDED {
            let Some(id) = self.details.get(self.details.root(), name) else { continue };
            if has_key(&self.text, name) {
                continue;
            }
            if unmapped.is_none()
                && self.ocsf.parse(ocsf.unwrap_or("{}").as_bytes(), ParseLimits::default()).is_ok()
            {
                unmapped = self.ocsf.get(self.ocsf.root(), "unmapped");
            }
            let spelling = unmapped.map(|unmapped| (&self.ocsf, unmapped));
            copy_spelled(&self.details, id, spelling, &mut self.text, root);
        }
    }

    /// Records that the row may have been made of, by what normalizers left: the more likely one
    /// first. Keys are spelled as below `ocsf.unmapped` where they are there, else in lower case.
    pub(super) fn of_details(&mut self, row: &Row<'_>) -> Vec<Record> {
        let limits = ParseLimits::default();
        let details = row.details().unwrap_or_default();
        if self.details.parse(details.as_bytes(), limits).is_err()
            || self.details.kind(self.details.root()) != Kind::Object
            || self.ocsf.parse(row.ocsf().unwrap_or("{}").as_bytes(), limits).is_err()
        {
            return Vec::new();
        }
        let unmapped = self.ocsf.get(self.ocsf.root(), "unmapped");
        let spelling = unmapped.map(|id| (&self.ocsf, id));
        self.text.clear();
        let root = self.text.root();
        for id in self.details.children(self.details.root()) {
            if !is_made(&self.details, id, spelling) {
                copy_spelled(&self.details, id, spelling, &mut self.text, root);
            }
        }
        for (name, default) in TEXTS {
            let text = row.text(name).filter(|text| *text != default);
            if let Some(text) = text.filter(|_| !has_key(&self.text, name)) {
                self.text.append(root, name, text);
            }
        }
        let tags = row.tags();
        if !tags.is_empty() && !has_key(&self.text, "tags") {
            let list = self.text.append(root, "tags", Scalar::Array);
            for tag in tags {
                self.text.push(list, tag.as_str());
            }
        }
        let mut records = vec![self.record()];
        let source = row.text("source").filter(|source| *source != UNKNOWN);
        if let Some(source) = source.filter(|_| !has_key(&self.text, "source")) {
            self.text.append(root, "source", source);
            records.push(self.record());
        }
        records
    }

    fn record(&self) -> Record {
        let json = self.text.to_json(self.text.root()).into_bytes();
        Record { json, names_source: names_source(&self.text) }
    }
}

/// Whether normalizers made a member of `details`, rather than the source.
fn is_made(details: &Tree, id: NodeId, spelling: Option<(&Tree, NodeId)>) -> bool {
    let key = details.key(id);
    if MADE.contains(&&*key) {
        return true;
    }
    let text = details.scalar_text(id);
    let is_elsewhere = || {
        let others = details.descendants(details.root());
        let top = |other: NodeId| details.parent(other) == Some(details.root());
        others.filter(|other| *other != id).any(|other| {
            details.scalar_text(other) == text
                && !(top(other) && COPIED.contains(&&*details.key(other)))
                && details.parent(other).is_none_or(|list| details.key(list) != "_ipaddresses")
        })
    };
    COPIED.contains(&&*key) && text.is_some() && !is_spelled(&key, spelling) && is_elsewhere()
}

/// Whether the source has such a key, as `unmapped` tells.
fn is_spelled(key: &str, spelling: Option<(&Tree, NodeId)>) -> bool {
    spelling.is_some_and(|(tree, object)| {
        tree.children(object).any(|child| tree.key(child).to_lowercase() == key)
    })
}

fn has_key(tree: &Tree, name: &str) -> bool {
    tree.children(tree.root()).any(|id| tree.key(id).eq_ignore_ascii_case(name))
}

fn names_source(tree: &Tree) -> bool {
    let is_scalar = |id| !matches!(tree.kind(id), Kind::Null | Kind::Array | Kind::Object);
    let is_source = |id| tree.key(id).eq_ignore_ascii_case("source") && is_scalar(id);
    tree.children(tree.root()).any(is_source)
}

/// Copies a value, with the keys in the spelling of another value that has the same ones.
fn copy_spelled(
    from: &Tree,
    id: NodeId,
    spelling: Option<(&Tree, NodeId)>,
    out: &mut Tree,
    container: NodeId,
) {
    let key = from.key(id);
    let same = |(tree, object): (&Tree, NodeId)| {
        let found = tree.children(object).find(|child| tree.key(*child).to_lowercase() == key);
        found.map(|child| tree.key(child).into_owned())
    };
    let spelled = spelling.and_then(same);
    let below = spelled.as_deref().and_then(|key| {
        let (tree, object) = spelling?;
        tree.get(object, key).map(|child| (tree, child))
    });
    let name = spelled.as_deref().unwrap_or(&key);
    let is_element = out.kind(container) == Kind::Array;
    let holder = |out: &mut Tree, kind: Scalar<'_>| match is_element {
        true => out.push(container, kind),
        false => out.append(container, name, kind),
    };
    match from.kind(id) {
        Kind::Object => {
            let object = holder(out, Scalar::Object);
            for child in from.children(id) {
                copy_spelled(from, child, below, out, object);
            }
        }
        Kind::Array => {
            let array = holder(out, Scalar::Array);
            for (place, child) in from.children(id).enumerate() {
                let element =
                    below.and_then(|(tree, list)| Some((tree, tree.element(list, place)?)));
                copy_element(from, child, element, out, array);
            }
        }
        _ => {
            out.graft(container, name, from, id);
        }
    }
}

fn copy_element(
    from: &Tree,
    id: NodeId,
    spelling: Option<(&Tree, NodeId)>,
    out: &mut Tree,
    array: NodeId,
) {
    match from.kind(id) {
        Kind::Object => {
            let object = out.push(array, Scalar::Object);
            for child in from.children(id) {
                copy_spelled(from, child, spelling, out, object);
            }
        }
        _ => {
            out.graft(array, "", from, id);
        }
    }
}
