//! Documents inside a field: the JSON text of SilkETW and the XML text of scheduled tasks.
//!
//! What cannot be read stays the text that it is.

mod xml;

use std::sync::Arc;

use headwater_event::json::{Kind, NodeId, ParseLimits, Scalar, Tree};

use super::channels::{SILK_ETW, SILK_ETW_LOG, TASK_XML};
use super::fields::Fields;

/// SilkETW: the members of the document become members of the data, those of the nested event too.
pub(crate) fn expand_silk_etw(json: &mut Tree, data: NodeId, log_name: &str) {
    if !log_name.eq_ignore_ascii_case(SILK_ETW_LOG) {
        return;
    }
    let (field, nested) = SILK_ETW;
    let Some(id) = json.get(data, field) else { return };
    let Some(text) = json.owned_text(id) else { return };
    let mut document = Tree::new(Arc::default());
    let is_read = document.parse(text.as_bytes(), ParseLimits::default()).is_ok();
    if !is_read || document.kind(document.root()) != Kind::Object {
        return;
    }
    document.lowercase_keys();
    let root = document.root();
    if let Some(inner) = document.get(root, nested) {
        document.move_children(inner, root, |_, _| true);
        if document.children(inner).next().is_none() {
            document.remove(inner);
        }
    }
    document.separate_keys(root);
    copy_members(&document, root, json, data);
    json.remove(id);
}

fn copy_members(from: &Tree, source: NodeId, to: &mut Tree, target: NodeId) {
    let mut pending = vec![(source, target)];
    while let Some((source, target)) = pending.pop() {
        let is_object = to.kind(target) == Kind::Object;
        for child in from.children(source) {
            let text = from.as_str(child);
            let value = match from.kind(child) {
                Kind::Object => Scalar::Object,
                Kind::Array => Scalar::Array,
                Kind::String => Scalar::String(text.as_deref().unwrap_or_default()),
                Kind::Number => Scalar::Number(from.as_number(child).unwrap_or("0")),
                Kind::Bool => Scalar::Bool(from.as_bool(child) == Some(true)),
                Kind::Null => Scalar::Null,
            };
            let copy = if is_object {
                to.append(target, &from.key(child), value)
            } else {
                to.push(target, value)
            };
            if matches!(from.kind(child), Kind::Object | Kind::Array) {
                pending.push((child, copy));
            }
        }
    }
}

/// Adds the object that the XML text of a scheduled task stands for.
pub(crate) fn read_task(fields: &mut Fields<'_>) {
    let Some(text) = fields.text(TASK_XML.from) else { return };
    if let Some(element) = xml::parse(&text) {
        let object = fields.put(TASK_XML.to, Scalar::Object);
        element.write_into(fields.json, object);
    }
}
