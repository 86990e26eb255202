//! Windows events as HELK names their fields (OSSEM), whoever sent them: winlogbeat 6 and 7, NXLog,
//! exporters of flat JSON, and event log files.
//!
//! The envelope and the data of the event stand side by side in `details` afterwards, under the
//! names on which hunts rely: `event_id`, `log_name`, `host_name`, `action` (Sysmon),
//! `process_name`, `user_logon_id`, `src_ip_addr` … The tables are facts: which field of which
//! event of which channel has which name.
//!
//! | step | tables | code |
//! |---|---|---|
//! | find envelope and data | `every_channel` | `shape`, `embedded` |
//! | split values, find addresses | `sysmon`, `every_channel` | `sysmon_values`, `addresses` |
//! | name fields by event, then by channel | `security`, `sysmon`, `channels`, `every_channel` | `apply` |
//! | fold case, read numbers, decode | `values`, `every_channel` | `fields`, `apply` |
//! | PowerShell, scheduled tasks | `channels` | `powershell`, `embedded` |
//! | category, severity, summary, time | | `outline` |
//!
//! # What changes, and what of it can be undone
//! - Folded values stay as they were in `<name>_original`, hexadecimal numbers in `<name>_orig`.
//! - Placeholders `-` go, where they mean that there is no value.
//! - Values that hold several (`hashes`, PowerShell's context and payload) become their parts.
//! - Braces around GUIDs go, and the names of XML namespaces.
//! - Sysmon's `UtcTime` is `@timestamp`; what was there is `event_recorded_time`. The envelope's
//!   time is wrong where an exporter writes local time.
//! - Two fields of one name both stay: see [`fields::Fields::merge_into`].

mod addresses;
mod apply;
mod channels;
mod embedded;
mod every_channel;
mod fields;
mod names;
mod outline;
mod powershell;
mod rules;
mod security;
mod shape;
mod sysmon;
mod sysmon_values;
mod values;

use headwater_event::Event;
use headwater_event::json::{NodeId, Tree};
use headwater_event::time::{self, Timestamp};
use headwater_pipeline::{Metadata, Plugin, PluginKind, Verdict};

use channels::{Channel, NEW_SERVICE_TAG, RESTART_PROVIDER, SERVICE_INSTALLED, TASK_EVENTS};
use fields::Fields;
use names::Names;
use rules::EventRules;
use shape::Shape;

const UNKNOWN: &str = "UNKNOWN";
const SOURCE: &str = "windows";

/// The severity that every event has from the start.
const DEFAULT_SEVERITY: &str = "INFO";

/// The time of the event in `details`.
const TIME: &str = "@timestamp";

/// Where times stand in the envelopes of exporters, best first.
const TIMES: [&str; 3] = [TIME, "timecreated", "timegenerated"];

/// What [`TIME`] was before Sysmon's own time took its place, and if that name is taken too.
const RECORDED_TIME: &str = "event_recorded_time";
const ORIGINAL_TIME: &str = "event_original_time";

#[derive(Debug, Default)]
pub(crate) struct WindowsWinlogbeat {
    names: Names,
}

/// Which event it is.
struct Identity {
    log_name: String,
    channel: Channel,
    event_id: u32,
    rules: Option<&'static EventRules>,
}

/// What goes into the event shell.
struct Outline {
    time: Option<Timestamp>,
    severity: Option<&'static str>,
    category: Option<&'static str>,
    summary: String,
}

impl Plugin for WindowsWinlogbeat {
    fn name(&self) -> &str {
        "windows_winlogbeat"
    }

    fn kind(&self) -> PluginKind {
        PluginKind::Normalize
    }

    /// Each shape has one of them; `Shape::of` looks closer.
    fn registration(&self) -> Vec<String> {
        ["winlog", "log_name", "channel"].map(str::to_owned).to_vec()
    }

    /// Between `timestamps`, which cannot know which of the times is right, and `ip_addresses`,
    /// which reads the addresses that are named here.
    fn priority(&self) -> i32 {
        21
    }

    fn process(&self, event: &mut Event, metadata: &mut Metadata<'_>) -> Verdict {
        let details = event.details();
        if let Some(shape) = Shape::of(&event.json, details) {
            let outline = self.normalize(shape, event, details, metadata.received_at);
            outline.write(event);
        }
        Verdict::Keep
    }
}

impl WindowsWinlogbeat {
    fn normalize(
        &self,
        shape: Shape,
        event: &mut Event,
        details: NodeId,
        now: Timestamp,
    ) -> Outline {
        let data = shape.open(event, details, &self.names);
        let json = &mut event.json;
        let identity = Identity::of(json, details);
        embedded::expand_silk_etw(json, data, &identity.log_name);
        let mut fields = Fields::new(json, data, &self.names);
        let utc_time = identity.name_fields(&mut fields, now);
        let action = identity.rules.and_then(|rules| rules.action);
        let message = identity.message(fields.json, details, action);
        if identity.channel == Channel::PowerShell {
            let (rules, id) = (identity.rules, identity.event_id);
            powershell::build_object(&mut fields, rules, id, &message);
        }
        if identity.channel == Channel::Security && TASK_EVENTS.contains(&identity.event_id) {
            embedded::read_task(&mut fields);
        }
        if let Some(action) = action {
            fields.put("action", action);
        }
        let Identity { log_name, channel, event_id, .. } = &identity;
        let summary = outline::summary_of(&fields, log_name, *event_id, action, &message);
        fields.merge_into(details);
        shape.close(&mut event.json, details);
        if identity.is_new_service() {
            event.add_tag(NEW_SERVICE_TAG);
        }
        let json = &mut event.json;
        Outline {
            time: set_time(json, details, utc_time, now),
            severity: text_of(json, details, "level")
                .and_then(|level| outline::severity_of(&level)),
            category: outline::category_of(*channel, *event_id),
            summary,
        }
    }
}

impl Identity {
    fn of(json: &Tree, details: NodeId) -> Self {
        let text = |key| text_of(json, details, key).unwrap_or_default();
        let (log_name, source_name) = (text("log_name"), text("source_name"));
        let channel = Channel::of(&log_name, &source_name);
        // No event has the id 0 in any of the tables.
        let event_id = text("event_id").parse().unwrap_or_default();
        let is_foreign = channel == Channel::Application && source_name != RESTART_PROVIDER;
        let rules = if is_foreign { None } else { channel.rules(event_id) };
        Self { log_name, channel, event_id, rules }
    }

    /// Gives the data its names and clean values; returns Sysmon's own time of the event.
    fn name_fields(&self, fields: &mut Fields<'_>, now: Timestamp) -> Option<Timestamp> {
        let mut time = None;
        match self.channel {
            Channel::Sysmon => {
                time = sysmon_values::take_time(fields, now);
                sysmon_values::split_values(fields, now);
            }
            Channel::WmiActivity => fields.rename(&sysmon::ACCOUNT),
            _ => {}
        }
        addresses::name_addresses(fields, &self.log_name, self.event_id);
        // PowerShell's names are paths in an object of its own.
        let rules = self.rules.filter(|_| self.channel != Channel::PowerShell);
        apply::name_fields(fields, rules);
        apply::clean_values(fields, rules);
        sysmon_values::split_accounts(fields);
        apply::derive_fields(fields, self.channel, self.event_id);
        addresses::classify_addresses(fields);
        time
    }

    /// The message, where it is needed: most are long, and events with an action have no use for
    /// it.
    fn message(&self, json: &Tree, details: NodeId, action: Option<&str>) -> String {
        if action.is_some() {
            return String::new();
        }
        text_of(json, details, "message").unwrap_or_default()
    }

    fn is_new_service(&self) -> bool {
        self.channel == Channel::System && self.event_id == SERVICE_INSTALLED
    }
}

impl Outline {
    /// Fills what the event does not say itself.
    fn write(self, event: &mut Event) {
        if let Some(time) = self.time {
            event.set_shell("utctimestamp", &*time.to_iso());
        }
        let Self { severity, category, summary, .. } = &self;
        let given = [
            ("source", UNKNOWN, Some(SOURCE)),
            ("severity", DEFAULT_SEVERITY, *severity),
            ("category", UNKNOWN, *category),
            ("summary", UNKNOWN, Some(summary.as_str())),
        ];
        for (name, default, value) in given {
            if let Some(value) = value
                && event.shell(name).is_some_and(|there| there == default && there != value)
            {
                event.set_shell(name, value);
            }
        }
    }
}

/// Makes [`TIME`] the time of the event and returns it.
fn set_time(
    json: &mut Tree,
    details: NodeId,
    utc_time: Option<Timestamp>,
    now: Timestamp,
) -> Option<Timestamp> {
    let Some(utc_time) = utc_time else {
        let texts = TIMES.into_iter().filter_map(|key| Some((key, text_of(json, details, key)?)));
        let read = |(key, text): (_, String)| Some((key, time::parse(&text, now)?, text));
        let (key, time, text) = texts.filter_map(read).next()?;
        if key != TIME {
            json.set_aside(details, TIME);
            json.append(details, TIME, text.as_str());
        }
        return Some(time);
    };
    if let Some(id) = json.get(details, TIME) {
        let is_free = json.get(details, RECORDED_TIME).is_none();
        json.set_aside(details, ORIGINAL_TIME);
        json.rename(id, if is_free { RECORDED_TIME } else { ORIGINAL_TIME });
    }
    json.append(details, TIME, &*utc_time.to_iso());
    Some(utc_time)
}

fn text_of(json: &Tree, object: NodeId, key: &str) -> Option<String> {
    json.scalar_text(json.get(object, key)?).map(std::borrow::Cow::into_owned)
}

#[cfg(test)]
mod hunts;
#[cfg(test)]
mod tests;
