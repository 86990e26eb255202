//! PowerShell: what the events tell in lines of text becomes the object `powershell`.
//!
//! - *Context*: lines `key = value` of known keys; further lines belong to the value before them.
//! - *Payload*: `ParameterBinding(command): name="…"; value="…"` becomes the lists
//!   `param.{command,name,value,value_nonalphanumeric}`, whose elements belong together by place.
//!   Everything else is `remaining_payload`.
//! - *Script blocks*: `scriptblock` and `script`.
//!
//! A field whose text is in the object as a whole is taken away. Senders that leave the fields out
//! (NXLog for the channel `Windows PowerShell`) have the same lines in the message, which stays.

use headwater_event::json::{Kind, NodeId, Scalar, Tree};

use super::apply::measures;
use super::channels::{
    POWERSHELL_CONTEXT, POWERSHELL_CONTEXT_FIELDS, POWERSHELL_CONTEXT_LAST,
    POWERSHELL_CONTEXT_NAMED, POWERSHELL_MESSAGES, POWERSHELL_NUMBERS, POWERSHELL_OBJECT,
    POWERSHELL_PAYLOAD_FIELDS,
};
use super::fields::{Fields, read_decimal};
use super::rules::EventRules;

/// The event with a script block in its message.
const SCRIPT_BLOCK: u32 = 4104;

/// What a payload line may begin with, before the command in round brackets.
const PAYLOAD_LINES: [&str; 4] =
    ["CommandInvocation(", "NonTerminatingError(", "ParameterBinding(", "TerminatingError("];

const BINDING: &str = "ParameterBinding(";

/// Lines of the message of event 4103 after its context.
const USER_DATA: &str = "User Data:";

/// Makes the object, for an event of the channel PowerShell.
pub(crate) fn build_object(
    fields: &mut Fields<'_>,
    rules: Option<&EventRules>,
    event_id: u32,
    message: &str,
) {
    let object = fields.put(POWERSHELL_OBJECT, Scalar::Object);
    for rename in rules.into_iter().flat_map(EventRules::all_renames) {
        nest(fields, object, rename.from, rename.to);
        let original = format!("{}_original", rename.from);
        nest(fields, object, &original, &format!("{}_original", rename.to));
    }
    if event_id == SCRIPT_BLOCK {
        read_script_block(fields, object, message);
    }
    let (in_context, in_payload) = sections(event_id, message).unwrap_or_default();
    if let Some((context, id)) = section(fields, POWERSHELL_CONTEXT_FIELDS, event_id, in_context)
        && read_context(fields.json, object, &context)
        && let Some(id) = id
    {
        fields.drop_field(id);
    }
    if let Some((payload, id)) = section(fields, POWERSHELL_PAYLOAD_FIELDS, event_id, in_payload) {
        read_payload(fields, object, &payload);
        if let Some(id) = id {
            fields.drop_field(id);
        }
    }
    let script = fields.json.lookup_from(object, "scriptblock.text");
    if let Some((length, has_non_ascii)) =
        script.and_then(|id| fields.json.scalar_text(id)).map(|text| measures(&text))
    {
        fields.put("meta_powershell_scriptblock_text_length", length);
        fields.put("meta_powershell_scriptblock_text_has_non_ascii", has_non_ascii);
    }
    if fields.json.children(object).next().is_none() {
        fields.drop_field(object);
    }
}

/// The text of the field that the table names, and the field; else what the message has.
fn section(
    fields: &Fields<'_>,
    table: &[(u32, &str)],
    event_id: u32,
    in_message: &str,
) -> Option<(String, Option<NodeId>)> {
    let (_, name) = table.iter().find(|(id, _)| *id == event_id)?;
    let field = fields.find(name).and_then(|id| Some((fields.json.owned_text(id)?, Some(id))));
    field.or_else(|| (!in_message.is_empty()).then(|| (in_message.to_owned(), None)))
}

/// Context and payload of a message.
fn sections(event_id: u32, message: &str) -> Option<(&str, &str)> {
    let (_, before_context, before_payload) =
        POWERSHELL_MESSAGES.iter().find(|(id, _, _)| *id == event_id)?;
    let (head, rest) = split_at_line(message, before_context)?;
    let Some(before_payload) = before_payload else { return Some((rest, "")) };
    if before_payload.is_empty() {
        let context = split_at_line(rest, USER_DATA).map_or(rest, |(context, _)| context);
        return Some((context, head));
    }
    Some(split_at_line(rest, before_payload).unwrap_or((rest, "")))
}

/// What is before and after the first line that holds nothing but `wanted`.
fn split_at_line<'a>(text: &'a str, wanted: &str) -> Option<(&'a str, &'a str)> {
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let end = start + line.len();
        if line.trim() == wanted {
            return Some((text.get(..start)?, text.get(end..)?));
        }
        start = end;
    }
    None
}

/// Reads context lines; returns whether all of the text was understood.
fn read_context(json: &mut Tree, object: NodeId, text: &str) -> bool {
    let mut pairs: Vec<(&'static str, String)> = Vec::new();
    let mut is_all = true;
    let last = context_name(POWERSHELL_CONTEXT_LAST);
    for line in text.lines() {
        let is_open = pairs.last().is_none_or(|(name, _)| Some(*name) != last);
        let known = line.split_once('=').and_then(|(key, value)| Some((context_name(key)?, value)));
        let is_new = |name: &str| is_open && pairs.iter().all(|(seen, _)| *seen != name);
        match (known.filter(|(name, _)| is_new(name)), pairs.last_mut()) {
            (Some((name, value)), _) => pairs.push((name, value.to_owned())),
            (_, Some((_, value))) => {
                value.push('\n');
                value.push_str(line);
            }
            (_, None) => is_all &= line.trim().is_empty(),
        }
    }
    for (path, value) in pairs {
        let value = value.trim();
        if !value.is_empty() {
            let id = put_at(json, object, path, value.into());
            if POWERSHELL_NUMBERS.contains(&path) {
                read_decimal(json, id);
            }
        }
    }
    is_all
}

/// The name of a key, written with or without blanks, in any case.
fn context_name(key: &str) -> Option<&'static str> {
    let key = key.trim();
    let is_key = |known: &str| {
        let letters =
            key.bytes().filter(|byte| *byte != b' ').map(|byte| byte.to_ascii_lowercase());
        letters.eq(known.bytes())
    };
    let renamed = POWERSHELL_CONTEXT.iter().find(|rename| is_key(rename.from));
    let named = || POWERSHELL_CONTEXT_NAMED.into_iter().find(|name| is_key(name));
    renamed.map(|rename| rename.to).or_else(named)
}

/// One `ParameterBinding`.
struct Binding<'a> {
    command: &'a str,
    name: &'a str,
    value: String,
}

impl<'a> Binding<'a> {
    /// The binding that begins on this line; its value may go on on the next ones.
    fn begin(line: &'a str) -> Option<Self> {
        let (command, rest) = line.strip_prefix(BINDING)?.split_once("): name=\"")?;
        let (name, value) = rest.split_once("\"; value=\"")?;
        Some(Self { command, name, value: value.to_owned() })
    }

    fn value(&self) -> &str {
        let value = self.value.trim_end_matches(['\r', '\n']);
        value.strip_suffix('"').unwrap_or(value)
    }
}

fn read_payload(fields: &mut Fields<'_>, object: NodeId, text: &str) {
    let mut bindings: Vec<Binding<'_>> = Vec::new();
    let mut remaining: Vec<&str> = Vec::new();
    let mut is_in_binding = false;
    for line in text.lines() {
        if let Some(binding) = Binding::begin(line) {
            bindings.push(binding);
            is_in_binding = true;
        } else if PAYLOAD_LINES.iter().any(|start| line.starts_with(start)) || !is_in_binding {
            remaining.push(line);
            is_in_binding = false;
        } else if let Some(binding) = bindings.last_mut() {
            binding.value.push('\n');
            binding.value.push_str(line);
        }
    }
    let remaining = remaining.join("\n");
    if !remaining.trim().is_empty() {
        fields.json.append(object, "remaining_payload", remaining.trim());
    }
    if bindings.is_empty() {
        return;
    }
    let param = fields.json.append(object, "param", Scalar::Object);
    let [commands, names, values, symbols] = ["command", "name", "value", "value_nonalphanumeric"]
        .map(|key| fields.json.append(param, key, Scalar::Array));
    let mut has_non_ascii = false;
    for binding in &bindings {
        let value = binding.value();
        let no_letters = value.replace(|letter: char| letter.is_ascii_alphanumeric(), "");
        has_non_ascii |= !value.is_ascii();
        fields.json.push(commands, binding.command);
        fields.json.push(names, binding.name);
        fields.json.push(values, value);
        fields.json.push(symbols, no_letters.as_str());
    }
    fields.put("meta_powershell_param_value_has_non_ascii", has_non_ascii);
}

/// The script block in the message, for senders that leave its fields out.
fn read_script_block(fields: &mut Fields<'_>, object: NodeId, message: &str) {
    let json = &mut *fields.json;
    if json.lookup_from(object, "scriptblock.text").is_some() {
        return;
    }
    let parts = || {
        let (head, rest) = message.split_once('\n')?;
        let place = head.rsplit_once('(')?.1.split_once(')')?.0;
        let (number, total) = place.split_once(" of ")?;
        let (text, tail) = rest.rsplit_once("ScriptBlock ID:")?;
        let (id, path) = tail.split_once("Path:").unwrap_or((tail, ""));
        Some([
            ("scriptblock.text", text.trim_end()),
            ("scriptblock.id", id.trim()),
            ("scriptblock.message_number", number),
            ("scriptblock.message_total", total),
            ("script.path", path.trim()),
        ])
    };
    for (path, value) in parts().into_iter().flatten().filter(|(_, value)| !value.is_empty()) {
        if json.lookup_from(object, path).is_none() {
            let id = put_at(json, object, path, value.into());
            if POWERSHELL_NUMBERS.contains(&path) {
                read_decimal(json, id);
            }
        }
    }
}

/// Moves a field into the object; a dot in the path is a level.
fn nest(fields: &mut Fields<'_>, object: NodeId, name: &str, path: &str) {
    let Some(id) = fields.find(name) else { return };
    fields.forget(id);
    let (holder, key) = holder_of(fields.json, object, path);
    fields.json.move_to(id, holder);
    fields.json.rename(id, key);
    if POWERSHELL_NUMBERS.contains(&path) {
        read_decimal(fields.json, id);
    }
}

fn put_at(json: &mut Tree, object: NodeId, path: &str, value: Scalar<'_>) -> NodeId {
    let (holder, key) = holder_of(json, object, path);
    json.append(holder, key, value)
}

/// The object inside `object` that a path leads to, made when it is missing, and the path's end.
fn holder_of<'a>(json: &mut Tree, object: NodeId, path: &'a str) -> (NodeId, &'a str) {
    let Some((level, key)) = path.split_once('.') else { return (object, path) };
    let holder = json.get(object, level).filter(|id| json.kind(*id) == Kind::Object);
    (holder.unwrap_or_else(|| json.append(object, level, Scalar::Object)), key)
}
