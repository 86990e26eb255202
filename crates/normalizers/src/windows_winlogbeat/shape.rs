//! How the sender laid out the event: where its envelope and its data are.
//!
//! [`Shape::open`] names the envelope in `details` and returns the object with the data, so that
//! everything after it knows one layout only. HELK leaves `user_data` of winlogbeat 6 where it is,
//! which hides the fields of WMI and task events.

use std::borrow::Cow;

use headwater_event::Event;
use headwater_event::json::{Kind, NodeId, Scalar, Tree};

use super::channels::Channel;
use super::every_channel::{
    ECS, EMPTIED_OBJECTS, EVTX, EVTX_NAMED, FLAT, FLAT_VERSION, NUMBERS, NXLOG_PROCESS,
    PARKED_OBJECTS, PARKING_OBJECT, REPORTER, TREATED_HEADER, WINLOGBEAT_6, WINLOGBEAT_7,
};
use super::fields::read_decimal;
use super::names::Names;
use super::rules::Rename;

/// The object with the data, in the shapes that have none.
const DATA: &str = "event_data";

/// One of these says that a flat event with an id and a channel comes from Windows.
const FLAT_EVIDENCE: [&str; 6] = [
    "providerguid",
    "sourcename",
    "timecreated",
    "eventreceivedtime",
    "eventsourcename",
    "computer",
];

/// What the providers of Windows itself and Sysmon are called.
const WINDOWS_PREFIX: &str = "Microsoft-Windows-";

/// The layouts that are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// winlogbeat up to 6: `event_data` or `user_data` beside the envelope.
    Winlogbeat6,
    /// winlogbeat from 7 and Elastic Agent: all in `winlog`, the rest is ECS.
    Winlogbeat7,
    /// NXLog: side by side.
    Nxlog,
    /// Other exporters that put envelope and data side by side.
    Flat,
    /// The XML of an event log as JSON: `Event` with `System` and `EventData` or `UserData`.
    Evtx,
}

impl Shape {
    /// The shape of an event; `None` when it is not one of Windows.
    pub(crate) fn of(json: &Tree, details: NodeId) -> Option<Self> {
        if object(json, details, "winlog").is_some() {
            return Some(Self::Winlogbeat7);
        }
        if text(json, details, "log_name").is_some() {
            // Without any of them it has been through here already.
            let marks = [DATA, "user_data", "computer_name"];
            let is_one = marks.iter().any(|key| json.get(details, key).is_some());
            return is_one.then_some(Self::Winlogbeat6);
        }
        if let Some(event) = object(json, details, "event") {
            let system = object(json, event, "system")?;
            return json.get(system, "channel").map(|_| Self::Evtx);
        }
        let channel = text(json, details, "channel")?;
        text(json, details, "eventid")?.parse::<u32>().ok()?;
        let is_there = |key: &str| json.get(details, key).is_some();
        if is_there("sourcemodulename") && is_there("eventreceivedtime") {
            return Some(Self::Nxlog);
        }
        let is_windows = channel.starts_with(WINDOWS_PREFIX)
            || Channel::of(&channel, "") != Channel::Other
            || FLAT_EVIDENCE.into_iter().any(is_there);
        is_windows.then_some(Self::Flat)
    }

    /// Names the members of the envelope and returns the object with the data.
    pub(crate) fn open(self, event: &mut Event, details: NodeId, names: &Names) -> NodeId {
        let json = &mut event.json;
        let data = match self {
            Self::Winlogbeat6 => open_winlogbeat_6(json, details),
            Self::Winlogbeat7 => open_winlogbeat_7(json, details),
            Self::Evtx => open_evtx(json, details),
            Self::Nxlog => {
                name_shell(event, details);
                open_flat(&mut event.json, details, names, true)
            }
            Self::Flat => open_flat(json, details, names, false),
        };
        let json = &mut event.json;
        for name in NUMBERS.into_iter().chain(["process_id"]) {
            if let Some(id) = json.get(details, name) {
                read_decimal(json, id);
            }
        }
        for name in TREATED_HEADER {
            if let Some(id) = json.get(details, name) {
                json.move_to(id, data);
            }
        }
        data
    }

    /// Puts away what is left of the layout, once the data has left it.
    pub(crate) fn close(self, json: &mut Tree, details: NodeId) {
        match self {
            Self::Winlogbeat6 => remove_blank(json, details, &["beat", "user", "user_data"]),
            Self::Winlogbeat7 => {
                remove_blank(json, details, &EMPTIED_OBJECTS);
                remove_blank(json, details, &PARKED_OBJECTS);
                park(json, details);
            }
            Self::Evtx => remove_blank(json, details, &["event"]),
            Self::Nxlog | Self::Flat => {}
        }
    }
}

fn open_winlogbeat_6(json: &mut Tree, details: NodeId) -> NodeId {
    lift(json, details, details, WINLOGBEAT_6);
    let data = data_object(json, details, details);
    if let Some(user) = object(json, details, "user") {
        lift(json, user, data, REPORTER);
    }
    data
}

fn open_winlogbeat_7(json: &mut Tree, details: NodeId) -> NodeId {
    let Some(winlog) = object(json, details, "winlog") else {
        // `Shape::of` has seen it.
        return json.append(details, DATA, Scalar::Object);
    };
    lift(json, details, details, WINLOGBEAT_7);
    let data = data_object(json, winlog, details);
    if let Some(user) = object(json, winlog, "user") {
        lift(json, user, data, REPORTER);
    }
    lift(json, details, data, ECS);
    data
}

/// `event_data` of winlogbeat, with the members of `user_data`; a new object where it has none.
fn data_object(json: &mut Tree, holder: NodeId, details: NodeId) -> NodeId {
    let data =
        object(json, holder, DATA).unwrap_or_else(|| json.append(details, DATA, Scalar::Object));
    if let Some(user_data) = object(json, holder, "user_data") {
        json.move_children(user_data, data, |_, _| true);
    }
    data
}

fn open_evtx(json: &mut Tree, details: NodeId) -> NodeId {
    let new_data = |json: &mut Tree| json.append(details, DATA, Scalar::Object);
    let Some(event) = object(json, details, "event") else { return new_data(json) };
    let Some(system) = object(json, event, "system") else { return new_data(json) };
    lift(json, system, details, EVTX);
    json.move_children(system, details, |json, id| {
        EVTX_NAMED.contains(&&*json.key(id)) && is_content(json, id)
    });
    let message = Rename { from: "renderinginfo.message", to: "message" };
    lift(json, event, details, &[message]);
    remove_namespaces(json, event);
    if let Some(data) = object(json, event, "eventdata") {
        lift(json, data, data, &[Rename { from: "#attributes.name", to: "xml_name" }]);
        number_unnamed(json, data);
        remove_blank(json, data, &["#attributes"]);
        return data;
    }
    let user_data = object(json, event, "userdata");
    let element = user_data
        .and_then(|parent| json.children(parent).find(|child| json.kind(*child) == Kind::Object));
    let Some(element) = element else { return new_data(json) };
    remove_namespaces(json, element);
    let name = json.key(element).into_owned();
    json.append(element, "xml_name", name.as_str());
    element
}

/// The names of XML namespaces are constants: they say nothing about the event.
fn remove_namespaces(json: &mut Tree, element: NodeId) {
    let Some(attributes) = object(json, element, "#attributes") else { return };
    let is_namespace = |id: &NodeId| json.key(*id).starts_with("xmlns");
    let namespaces: Vec<NodeId> = json.children(attributes).filter(is_namespace).collect();
    for id in namespaces {
        json.remove(id);
    }
    remove_blank(json, element, &["#attributes"]);
}

/// Data without names is `param1`, `param2` … as winlogbeat calls it.
fn number_unnamed(json: &mut Tree, data: NodeId) {
    let Some(unnamed) = json.lookup_from(data, "data.#text") else { return };
    let values: Vec<NodeId> = match json.kind(unnamed) {
        Kind::Array => json.children(unnamed).collect(),
        _ => vec![unnamed],
    };
    for (number, id) in (1_usize..).zip(values) {
        json.move_to(id, data);
        json.rename(id, &format!("param{number}"));
    }
    remove_blank(json, data, &["data"]);
}

/// The event shell took these members of NXLog's envelope for its own. The shell keeps the
/// severity; the category says which task of the provider wrote the event.
fn name_shell(event: &mut Event, details: NodeId) {
    let task = event.shell("category").filter(|text| text != "UNKNOWN").map(Cow::into_owned);
    let level = event.shell("severity").map(Cow::into_owned);
    let json = &mut event.json;
    if let Some(task) = task {
        if let Some(number) = json.get(details, "task") {
            json.rename(number, "task_id");
        }
        json.append(details, "task", task.as_str());
        event.set_shell("category", "UNKNOWN");
    }
    let json = &mut event.json;
    if let (Some(level), None) = (level, json.get(details, "level")) {
        json.append(details, "level", level.as_str());
    }
}

fn open_flat(json: &mut Tree, details: NodeId, names: &Names, is_nxlog: bool) -> NodeId {
    let data = json.append(details, DATA, Scalar::Object);
    json.move_children(details, data, |json, id| {
        let key = json.key(id);
        let is_number = json.kind(id) == Kind::Number;
        let is_header = names.token(&key).is_some_and(|token| names.treatment(token).is_header);
        match &*key {
            FLAT_VERSION => !is_number,
            key if key == NXLOG_PROCESS.from => !(is_nxlog && is_number),
            _ => !is_header,
        }
    });
    // A forwarder calls the event's kind `type`: the `Type` of the event itself gave way to it.
    if let Some(id) = json.get(data, "type_2") {
        json.rename(id, "type");
    }
    lift(json, details, details, FLAT);
    lift(json, details, details, &[NXLOG_PROCESS]);
    data
}

/// Moves members of `from` to `to` under their new names. A dot in a name before is a level.
/// Objects and null stay where they are.
fn lift(json: &mut Tree, from: NodeId, to: NodeId, renames: &[Rename]) {
    let mut holder = ("", Some(from));
    for Rename { from: path, to: name } in renames {
        let (levels, key) = path.rsplit_once('.').unwrap_or(("", path));
        if levels != holder.0 {
            holder = (levels, json.lookup_from(from, levels));
        }
        let found = holder.1.and_then(|holder| json.get(holder, key));
        let Some(id) = found.filter(|id| is_content(json, *id)) else { continue };
        if holder.1 != Some(to) {
            json.move_to(id, to);
        }
        json.rename(id, name);
    }
}

fn is_content(json: &Tree, id: NodeId) -> bool {
    !matches!(json.kind(id), Kind::Object | Kind::Null)
}

/// Removes those of the members that hold no scalar but null.
fn remove_blank(json: &mut Tree, object: NodeId, keys: &[&str]) {
    for key in keys {
        if let Some(id) = json.get(object, key)
            && matches!(json.kind(id), Kind::Object | Kind::Array)
            && json.descendants(id).all(|value| is_blank(json, value))
        {
            json.remove(id);
        }
    }
}

fn is_blank(json: &Tree, id: NodeId) -> bool {
    matches!(json.kind(id), Kind::Object | Kind::Array | Kind::Null)
}

fn park(json: &mut Tree, details: NodeId) {
    let is_parked = |json: &Tree, id: NodeId| {
        json.kind(id) == Kind::Object && PARKED_OBJECTS.contains(&&*json.key(id))
    };
    if !json.children(details).any(|id| is_parked(json, id)) {
        return;
    }
    let parking = object(json, details, PARKING_OBJECT)
        .unwrap_or_else(|| json.append(details, PARKING_OBJECT, Scalar::Object));
    json.move_children(details, parking, is_parked);
}

fn object(json: &Tree, parent: NodeId, key: &str) -> Option<NodeId> {
    json.get(parent, key).filter(|id| json.kind(*id) == Kind::Object)
}

fn text<'a>(json: &'a Tree, parent: NodeId, key: &str) -> Option<Cow<'a, str>> {
    json.scalar_text(json.get(parent, key)?)
}
