//! The fields of one event while they get their names: an object of the tree, indexed by name.
//!
//! Where two fields want one name, both stay: see [`Fields::merge_into`].

use std::borrow::Cow;

use headwater_event::json::{NodeId, Scalar, Tree};

use super::every_channel::{ORIGINAL_NAMES, YIELDING_HEADER};
use super::names::Names;
use super::rules::Rename;

/// The data of an event.
#[derive(Debug)]
pub(crate) struct Fields<'a> {
    pub(crate) json: &'a mut Tree,
    /// The object that holds them.
    data: NodeId,
    names: &'a Names,
    /// By the index of the name's token.
    slots: Vec<Option<NodeId>>,
    caseless: Vec<NodeId>,
    logon_ids: Vec<NodeId>,
    /// Still in `data`, but not to be merged.
    dropped: Vec<NodeId>,
}

impl<'a> Fields<'a> {
    /// Indexes the members of `data` and drops those whose `-` means that they are absent.
    pub(crate) fn new(json: &'a mut Tree, data: NodeId, names: &'a Names) -> Self {
        let mut slots = vec![None; names.count()];
        let (mut caseless, mut logon_ids, mut dropped) = (Vec::new(), Vec::new(), Vec::new());
        for id in json.children(data) {
            let Some(token) = names.token(&json.key(id)) else { continue };
            let treatment = names.treatment(token);
            if treatment.dash_is_absent && json.as_str(id).is_some_and(|text| text == "-") {
                dropped.push(id);
                continue;
            }
            if treatment.is_caseless {
                caseless.push(id);
            }
            if treatment.is_logon_id {
                logon_ids.push(id);
            }
            if let Some(slot @ None) = slots.get_mut(token.index()) {
                *slot = Some(id);
            }
        }
        Self { json, data, names, slots, caseless, logon_ids, dropped }
    }

    /// The field of this name.
    pub(crate) fn find(&self, name: &str) -> Option<NodeId> {
        match self.names.token(name) {
            Some(token) => self.slots.get(token.index()).copied().flatten(),
            None => {
                let found = self.json.get(self.data, name);
                found.filter(|id| !self.dropped.contains(id))
            }
        }
    }

    /// The text of a scalar field.
    pub(crate) fn text(&self, name: &str) -> Option<Cow<'_, str>> {
        self.json.scalar_text(self.find(name)?)
    }

    /// Gives a field another name, where the event has it.
    pub(crate) fn rename(&mut self, Rename { from, to }: &Rename) {
        if let Some(id) = self.find(from) {
            self.rename_field(id, to);
        }
    }

    /// Gives this field another name.
    pub(crate) fn rename_field(&mut self, id: NodeId, name: &str) {
        self.forget(id);
        self.json.rename(id, name);
        self.remember(id, name);
    }

    /// Copies a field, where the event has it and not yet the copy.
    pub(crate) fn copy(&mut self, Rename { from, to }: &Rename) {
        if let (Some(id), None) = (self.find(from), self.find(to)) {
            let copy = self.json.copy_to(id, self.data, to);
            self.remember(copy, to);
        }
    }

    /// Adds a field.
    pub(crate) fn put<'v>(&mut self, name: &str, value: impl Into<Scalar<'v>>) -> NodeId {
        let id = self.json.append(self.data, name, value);
        self.remember(id, name);
        id
    }

    /// Takes a field away: what it says is in other fields.
    pub(crate) fn drop_field(&mut self, id: NodeId) {
        self.forget(id);
        self.dropped.push(id);
    }

    /// Folds the case of the fields where it has no meaning. A text that this changes stays as
    /// `<name>_original`.
    pub(crate) fn fold_caseless(&mut self) {
        for id in std::mem::take(&mut self.caseless) {
            let Some(text) = self.json.as_str(id) else { continue };
            let Some(folded) = folded(text) else { continue };
            let name = self.json.key(id).into_owned();
            self.rename_field(id, &original_name(&name));
            self.put(&name, folded.as_str());
        }
    }

    /// Makes hexadecimal logon ids decimal numbers; the text stays as `<name>_orig`.
    pub(crate) fn read_logon_ids(&mut self) {
        for id in std::mem::take(&mut self.logon_ids) {
            self.read_number(id);
        }
    }

    /// Makes decimal text a number, and hexadecimal text too: then the text stays as
    /// `<name>_orig`.
    pub(crate) fn read_number(&mut self, id: NodeId) {
        let Some(text) = self.json.as_str(id) else { return };
        if let Some(number) = hexadecimal(&text) {
            let name = self.json.key(id).into_owned();
            self.rename_field(id, &format!("{name}_orig"));
            self.put(&name, Scalar::Number(&number.to_string()));
        } else {
            read_decimal(self.json, id);
        }
    }

    /// Moves the fields to `header`, the object that their names are read from.
    ///
    /// A member of `header` keeps its name, and the field of that name becomes `<name>_2`; but the
    /// process and thread that wrote the event give their names to those that it is about.
    pub(crate) fn merge_into(self, header: NodeId) {
        let Self { json, data, dropped, .. } = self;
        for Rename { from, to } in YIELDING_HEADER {
            let yields = self.names.token(from).and_then(|token| self.slots.get(token.index()));
            if yields.copied().flatten().is_some()
                && let Some(id) = json.get(header, from)
            {
                json.rename(id, to);
            }
        }
        json.move_children(data, header, |_, id| !dropped.contains(&id));
        json.remove(data);
        json.separate_keys(header);
    }

    /// Stops finding a field by its name, because it is moved elsewhere.
    pub(crate) fn forget(&mut self, id: NodeId) {
        let token = self.names.token(&self.json.key(id));
        let slot = token.and_then(|token| self.slots.get_mut(token.index()));
        if let Some(slot) = slot
            && *slot == Some(id)
        {
            *slot = None;
        }
    }

    /// The first field of a name is the one that is found.
    fn remember(&mut self, id: NodeId, name: &str) {
        let slot = self.names.token(name).and_then(|token| self.slots.get_mut(token.index()));
        if let Some(slot @ None) = slot {
            *slot = Some(id);
        }
    }
}

/// The text without case; `None` when it has none.
fn folded(text: Cow<'_, str>) -> Option<String> {
    if text.is_ascii() {
        if !text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return None;
        }
        let mut folded = text.into_owned();
        folded.make_ascii_lowercase();
        return Some(folded);
    }
    let folded = text.to_lowercase();
    (folded != text).then_some(folded)
}

fn original_name(name: &str) -> String {
    match ORIGINAL_NAMES.iter().find(|rename| rename.from == name) {
        Some(rename) => rename.to.to_owned(),
        None => format!("{name}_original"),
    }
}

/// The number that a text `0x…` stands for.
pub(crate) fn hexadecimal(text: &str) -> Option<u64> {
    let digits = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"))?;
    u64::from_str_radix(digits, 16).ok()
}

/// Makes a text that is spelled as a JSON integer that number.
pub(crate) fn read_decimal(json: &mut Tree, id: NodeId) {
    let Some(text) = json.as_str(id) else { return };
    if is_integer(&text) {
        let text = text.into_owned();
        json.replace(id, Scalar::Number(&text));
    }
}

fn is_integer(text: &str) -> bool {
    let is_long = text.len() > 1;
    !text.is_empty()
        && text.len() <= 20
        && text.bytes().all(|byte| byte.is_ascii_digit())
        && !(is_long && text.starts_with('0'))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use std::sync::Arc;

    use headwater_event::json::{ParseLimits, Tree};

    use super::{Fields, Names};
    use crate::windows_winlogbeat::rules::Rename;

    fn check(source: &str, work: impl FnOnce(&mut Fields<'_>), expected: &str) {
        let names = Names::default();
        let mut tree = Tree::new(Arc::default());
        tree.parse(source.as_bytes(), ParseLimits::default()).unwrap();
        let (root, data) = (tree.root(), tree.lookup("event_data").unwrap());
        let mut fields = Fields::new(&mut tree, data, &names);
        work(&mut fields);
        fields.merge_into(root);
        assert_eq!(tree.to_json(tree.root()), expected, "{source}");
    }

    #[test]
    fn a_dash_is_absent_only_where_it_means_that() {
        check(
            r#"{"event_data":{"ipaddress":"-","commandline":"-","targetusername":"--"}}"#,
            |fields| assert!(fields.find("ipaddress").is_none()),
            r#"{"commandline":"-","targetusername":"--"}"#,
        );
    }

    #[test]
    fn folding_keeps_the_original_where_it_changed() {
        check(
            r#"{"event_data":{"image":"C:\\A","commandline":"x -enc QUJD","user":"é","path":"É","targetobject":"HKLM"}}"#,
            |fields| {
                fields.rename(&Rename { from: "commandline", to: "process_command_line" });
                fields.fold_caseless();
                assert_eq!(fields.text("process_command_line").unwrap(), "x -enc qujd");
            },
            r#"{"image_original":"C:\\A","process_command_line_original":"x -enc QUJD","user":"é","path_original":"É","targetobject":"HKLM","image":"c:\\a","process_command_line":"x -enc qujd","path":"é"}"#,
        );
    }

    #[test]
    fn numbers_are_read_and_hexadecimal_text_is_kept() {
        check(
            r#"{"event_data":{"targetlogonid":"0x3B74b08","logonid":"996","subjectlogonid":"0xZ","targetlinkedlogonid":"007"}}"#,
            |fields| {
                fields.rename(&Rename { from: "targetlogonid", to: "user_logon_id" });
                fields.read_logon_ids();
            },
            r#"{"user_logon_id_orig":"0x3B74b08","logonid":996,"subjectlogonid":"0xZ","targetlinkedlogonid":"007","user_logon_id":62343944}"#,
        );
    }

    #[test]
    fn two_fields_of_one_name_both_stay() {
        check(
            r#"{"process_id":4,"level":"Error","odd":0,"event_data":{"processid":"9","level":1,"odd":1,"image":"a","application":"b"}}"#,
            |fields| {
                fields.rename(&Rename { from: "processid", to: "process_id" });
                fields.rename(&Rename { from: "image", to: "process_path" });
                fields.rename(&Rename { from: "application", to: "process_path" });
                assert_eq!(fields.text("process_path").unwrap(), "a");
            },
            r#"{"execution_process_id":4,"level":"Error","odd":0,"process_id":"9","level_2":1,"odd_2":1,"process_path":"a","process_path_2":"b"}"#,
        );
    }

    #[test]
    fn dropped_fields_are_neither_found_nor_merged() {
        check(
            r#"{"event_data":{"hashes":"x","odd":1}}"#,
            |fields| {
                for name in ["hashes", "odd"] {
                    fields.drop_field(fields.find(name).unwrap());
                    assert!(fields.find(name).is_none());
                }
            },
            "{}",
        );
    }
}
