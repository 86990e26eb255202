//! A Windows event on its way: its data under their plain names, whatever shape they came in.

use std::borrow::Cow;
use std::net::Ipv4Addr;

use headwater_event::json::{Kind, Scalar};
use headwater_event::time;
use headwater_pipeline::mapping::Mapper;

use super::super::well_known::{file, status};
use super::shape::{self, Shape};
use super::values;

/// Keywords of an audit event that worked, and of one that did not.
const AUDIT_SUCCESS: u64 = 0x0020_0000_0000_0000;
const AUDIT_FAILURE: u64 = 0x0010_0000_0000_0000;

/// 2000-01-01: Sysmon writes the year 1601 for a time that it does not know.
const EARLIEST_MICROS: i64 = 946_684_800_000_000;

/// An event and where its parts are.
pub(super) struct Record<'m, 'a> {
    pub(super) mapper: &'m mut Mapper<'a>,
    shape: &'static Shape,
    data: Vec<String>,
    pub(super) id: i64,
    pub(super) provider: String,
    pub(super) channel: String,
}

impl<'m, 'a> Record<'m, 'a> {
    /// Finds the parts of an event.
    pub(super) fn open(mapper: &'m mut Mapper<'a>) -> Option<Self> {
        let shape = shape::of(&mapper.source())?;
        let data = shape::open(shape, mapper);
        let source = mapper.source();
        let id = shape.id.iter().find_map(|path| source.integer(path))?;
        let text = |paths: &[&str]| {
            paths.iter().find_map(|path| source.text(path)).unwrap_or_default().into_owned()
        };
        let (provider, channel) = (text(shape.provider), text(shape.channel));
        Some(Self { mapper, shape, data, id, provider, channel })
    }

    /// Sets class and activity; 99 is called `name`.
    pub(super) fn class(&mut self, class_uid: i64, activity_id: i64, name: &str) {
        self.mapper.class(class_uid, activity_id);
        if activity_id == 99 {
            self.mapper.other_activity(name);
        }
    }

    /// The path of a field of the event's data.
    fn path(&self, name: &str) -> Option<String> {
        let source = self.mapper.source();
        let mut path = String::with_capacity(name.len() + 32);
        for data in &self.data {
            path.clear();
            path.push_str(data);
            if !data.is_empty() {
                path.push('.');
            }
            path.push_str(name);
            let length = path.len();
            for end in [""].iter().chain(self.shape.suffixes) {
                path.truncate(length);
                path.push_str(end);
                if source.has(&path) {
                    return Some(path);
                }
            }
        }
        // Who started a process is its parent in the Elastic Common Schema.
        let name = if self.id == 4688 && name == "ProcessId" { "ParentProcessId" } else { name };
        let (_, moved) = self.shape.moved.iter().find(|(data, _)| *data == name)?;
        source.has(moved).then(|| (*moved).to_owned())
    }

    /// The text of a field of the event's data.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        let text = self.mapper.source().text(&self.path(name)?)?.into_owned();
        (!values::is_nothing(&text)).then_some(text)
    }

    /// The number in a field of the event's data, 0 when there is none.
    pub(super) fn number(&self, name: &str) -> u64 {
        self.text(name).and_then(|text| values::number(&text)).unwrap_or(0)
    }

    /// Whether a field has this text.
    pub(super) fn is(&self, name: &str, text: &str) -> bool {
        self.text(name).is_some_and(|found| found == text)
    }

    /// Marks a field of the data as used.
    pub(super) fn done(&mut self, name: &str) {
        if let Some(path) = self.path(name) {
            self.mapper.done(&path);
        }
    }

    /// Writes fields of the data, each in the form that its attribute wants.
    pub(super) fn table(&mut self, pairs: &[(&str, &str)]) {
        for (name, to) in pairs {
            self.put(name, to);
        }
    }

    /// Writes one field of the data. The end of the attribute's path says how: accounts are split,
    /// files get a name, hashes become a list, identifiers one spelling.
    pub(super) fn put(&mut self, name: &str, to: &str) -> bool {
        let Some(path) = self.path(name) else {
            return name == "User" && self.moved_account(to);
        };
        let Some(text) = self.mapper.source().text(&path).map(Cow::into_owned) else {
            return false;
        };
        if values::is_nothing(&text) {
            self.mapper.done(&path);
            return false;
        }
        let is_zero = || values::number(&text) == Some(0);
        match to.rsplit_once('.').map_or(to, |(_, last)| last) {
            "user" => self.put_account(&path, &text, to),
            "file" => self.put_file(&path, to),
            "hashes" => self.put_hashes(&path, &text, to),
            "ip" => match values::address(&text).parse::<Ipv4Addr>() {
                Ok(address) => self.put_text(&path, to, &address.to_string()),
                Err(_) => self.mapper.copy(&path, to),
            },
            "pid" | "ptid" | "port" if is_zero() => self.drop_field(&path),
            "uid" if to.ends_with("session.uid") && is_zero() => self.drop_field(&path),
            "uid" if to.ends_with("session.uid") => {
                self.put_text(&path, to, &values::logon_id(&text))
            }
            "uid" if to.ends_with("process.uid") => self.put_text(&path, to, &values::guid(&text)),
            "uid_alt" | "correlation_uid" => self.put_text(&path, to, &values::guid(&text)),
            _ => self.mapper.copy(&path, to),
        }
    }

    /// The account that a module of Winlogbeat moved.
    fn moved_account(&mut self, to: &str) -> bool {
        if self.shape.moved.is_empty() {
            return false;
        }
        let written = self.mapper.copy("user.name", (to, "name"));
        self.mapper.copy("user.domain", (to, "domain"));
        self.mapper.copy("user.id", (to, "uid")) || written
    }

    fn drop_field(&mut self, path: &str) -> bool {
        self.mapper.done(path);
        false
    }

    /// Writes a value that stands for a field's.
    fn put_text(&mut self, path: &str, to: &str, text: &str) -> bool {
        let written = self.mapper.set(to, text)
            || self.mapper.written(to).is_some_and(|existing| existing == text);
        if written {
            self.mapper.done(path);
        }
        written
    }

    fn put_account(&mut self, path: &str, text: &str, to: &str) -> bool {
        if text.starts_with("S-1-") {
            return self.put_text(path, &format!("{to}.uid"), text);
        }
        let (domain, name) = values::account(text);
        let written = self.put_text(path, &format!("{to}.name"), name);
        if let (true, Some(domain)) = (written, domain) {
            self.mapper.set((to, "domain"), domain);
        }
        written
    }

    fn put_file(&mut self, path: &str, to: &str) -> bool {
        // A process is known by its number: without one the file stays below `unmapped`.
        if let Some(process) =
            to.strip_suffix(".file").filter(|path| path.ends_with("process") && *path != "process")
            && ["pid", "uid"].iter().all(|part| self.mapper.written((process, part)).is_none())
        {
            return false;
        }
        let is_program =
            ["process.file", "module.file", "driver.file"].iter().any(|end| to.ends_with(end));
        if is_program {
            self.mapper.set((to, "type_id"), 8_i64);
        }
        let written = file(self.mapper, path, to);
        if let (true, Some(process)) = (written, to.strip_suffix(".file"))
            && process.ends_with("process")
        {
            let name = self.mapper.written((to, "name")).map(Cow::into_owned);
            if let Some(name) = name {
                self.mapper.set((process, "name"), name.as_str());
            }
        }
        written
    }

    fn put_hashes(&mut self, path: &str, text: &str, to: &str) -> bool {
        let mut written = false;
        for (place, hash) in values::hashes(text).iter().enumerate() {
            let to = |part: &str| format!("{to}[{place}].{part}");
            written |= self.mapper.set(&to("algorithm_id"), hash.algorithm_id);
            if let Some(algorithm) = &hash.algorithm {
                self.mapper.set(&to("algorithm"), algorithm.as_str());
            }
            self.mapper.set(&to("value"), hash.value.as_str());
        }
        if written {
            self.mapper.done(path);
        }
        written
    }

    /// Writes a list of texts.
    pub(super) fn put_list(&mut self, values: &[String], to: &str) -> bool {
        if values.is_empty() {
            return false;
        }
        let name = format!("list of {to}");
        let extra = self.mapper.extra();
        let root = extra.root();
        let list = extra.append(root, &name, Scalar::Array);
        for value in values {
            extra.push(list, value.as_str());
        }
        let written = self.mapper.copy(&name, to);
        if !written {
            self.mapper.extra().remove(list);
        }
        written
    }

    /// NXLog's own `ProcessID` (who wrote the event) takes the place of the data's: the text has it
    /// still.
    pub(super) fn process_id_of_message(&mut self) {
        let source = self.mapper.source();
        let is_lost = self.shape.mixes_process_ids()
            && source.has("SourceModuleType")
            && !source.has("ProcessId")
            && !source.has("ExecutionProcessID");
        if !is_lost {
            return;
        }
        let message = self.message().unwrap_or_default();
        let id = message.lines().find_map(|line| {
            let line = line.trim();
            let line = line.strip_prefix("Caller ").unwrap_or(line);
            line.strip_prefix("Process ID:").map(|id| id.trim().to_owned())
        });
        if let Some(id) = id {
            self.add(&[("ProcessId".to_owned(), id)]);
        }
    }

    /// Adds fields that were found inside a text.
    pub(super) fn add(&mut self, fields: &[(String, String)]) {
        let extra = self.mapper.extra();
        let root = extra.root();
        for (name, value) in fields {
            extra.append(root, name, value.as_str());
        }
    }

    /// The rendered text of the event.
    pub(super) fn message(&self) -> Option<String> {
        let fields = self.shape.fields.iter().filter(|(_, to)| *to == "message");
        let source = self.mapper.source();
        fields.filter_map(|(path, _)| source.text(path)).next().map(Cow::into_owned)
    }

    /// The account that the event was written as.
    pub(super) fn account(&mut self, to: &str) {
        let [sid, name, domain] = self.shape.account;
        if self.mapper.written((to, "name")).is_none() {
            self.mapper.copy_first(name, (to, "name"));
            self.mapper.copy_first(domain, (to, "domain"));
        }
        self.mapper.copy_first(sid, (to, "uid"));
    }

    /// Only the SID of that account, where its name's place has another meaning.
    pub(super) fn account_id(&mut self, to: &str) {
        let [sid, ..] = self.shape.account;
        self.mapper.copy_first(sid, (to, "uid"));
    }

    /// What identifies this event: its number in the log, with the computer.
    pub(super) fn uid(&self) -> String {
        let fields = self.shape.fields.iter().filter(|(_, to)| *to == "metadata.uid");
        let source = self.mapper.source();
        let number = fields.filter_map(|(path, _)| source.text(path)).next().unwrap_or_default();
        format!("{}-{}-{}", self.computer().unwrap_or_default(), self.id, number)
    }

    /// Writes a field that the mapping added itself.
    pub(super) fn put_own(&mut self, name: &str, to: &str) {
        self.mapper.copy(name, to);
        self.mapper.done(name);
    }

    /// The process that wrote the event.
    pub(super) fn writer(&mut self, to: &str) {
        let source = self.mapper.source();
        let known = self.shape.process_id.iter().find(|path| source.integer(path) > Some(0));
        if let Some(path) = known {
            self.mapper.copy(path, to);
        }
    }

    /// Whether the audited action worked, where the event says so.
    pub(super) fn outcome(&self) -> Option<bool> {
        let source = self.mapper.source();
        let of = |text: &str| match text.to_ascii_lowercase().replace('_', " ").as_str() {
            "audit success" | "success" => Some(true),
            "audit failure" | "failure" => Some(false),
            text => {
                let bits = text.parse().map(i64::cast_unsigned).ok();
                match bits.or_else(|| values::number(text))? {
                    bits if bits & AUDIT_FAILURE != 0 => Some(false),
                    bits if bits & AUDIT_SUCCESS != 0 => Some(true),
                    _ => None,
                }
            }
        };
        self.shape.outcome.iter().filter_map(|path| source.find(path)).find_map(|field| {
            let texts = source.elements(field).into_iter();
            texts.filter_map(|element| source.text_of(element)).find_map(|text| of(&text))
        })
    }

    /// The name of the computer.
    pub(super) fn computer(&self) -> Option<String> {
        let source = self.mapper.source();
        self.shape.computer.iter().find_map(|path| source.text(path)).map(Cow::into_owned)
    }

    /// An endpoint that is the computer itself.
    pub(super) fn computer_as(&mut self, to: &str) {
        if let Some(name) = self.computer() {
            self.mapper.set((to, "hostname"), name.as_str());
        }
    }

    /// What every event has. Comes last: what was written before stays.
    pub(super) fn finish(&mut self, product: &str) {
        let shape = self.shape;
        self.mapper.set("metadata.product.vendor_name", "Microsoft");
        self.mapper.set("metadata.product.name", product);
        self.copy_all(shape.id, "metadata.event_code");
        self.copy_all(shape.channel, "metadata.log_name");
        self.copy_all(shape.provider, "metadata.log_provider");
        self.mapper.copy("is cut off", "metadata.is_truncated");
        self.severity();
        self.mapper.copy_first(shape.level, "metadata.log_level");
        self.time();
        self.copy_all(shape.computer, "device.hostname");
        self.mapper.set("device.type_id", 0_i64);
        for (from, to) in shape.fields {
            if *to == "metadata.correlation_uid" {
                let text = self.mapper.source().text(from).map(Cow::into_owned);
                if let Some(text) = text.filter(|text| !values::is_nothing(text)) {
                    self.put_text(from, to, &values::guid(&text));
                }
            } else {
                self.mapper.copy(from, to);
            }
        }
        let is_linux = self.provider.starts_with("Linux");
        self.mapper.set("device.os.name", if is_linux { "Linux" } else { "Windows" });
        self.mapper.set("device.os.type_id", if is_linux { 200_i64 } else { 100 });
        if self.channel.eq_ignore_ascii_case("Security")
            && self.mapper.written("status_id").is_none()
            && let Some(is_success) = self.outcome()
        {
            status(self.mapper, is_success);
        }
        self.drop_nothings();
    }

    /// Writes the first of several fields; others that say the same count as written.
    fn copy_all(&mut self, from: &[&str], to: &str) {
        for from in from {
            self.mapper.copy(from, to);
        }
    }

    /// Sysmon says itself when a thing happened; for others it is the time of the log.
    fn time(&mut self) {
        let is_known = |text: &String| {
            let time = time::parse(text, self.mapper.source().received_at());
            time.is_some_and(|time| time.as_micros() > EARLIEST_MICROS)
        };
        if let (Some(path), Some(_)) = (self.path("UtcTime"), self.text("UtcTime").filter(is_known))
        {
            self.mapper.time(&[&path]);
            if self.shape.is_time_right {
                self.mapper.copy_first(self.shape.time, "metadata.logged_time");
            }
        } else {
            self.mapper.time(self.shape.time);
        }
    }

    /// Severity by the level of the log; audit events have none.
    fn severity(&mut self) {
        let source = self.mapper.source();
        let level = self.shape.level.iter().find_map(|path| source.text(path));
        let severity = match level.unwrap_or_default().to_ascii_lowercase().as_str() {
            _ if self.channel.eq_ignore_ascii_case("Security") => 1,
            "1" | "critical" => 5,
            "2" | "error" => 4,
            "3" | "warning" => 3,
            _ => 1_i64,
        };
        self.mapper.set("severity_id", severity);
    }

    /// Placeholders among the data that no attribute took.
    fn drop_nothings(&mut self) {
        let source = self.mapper.source();
        let mut nothings = Vec::new();
        for data in &self.data {
            let container = match data.as_str() {
                "" => None,
                path => source.find(path),
            };
            let Some(container) = container else { continue };
            for (key, field) in source.members(container) {
                if source.kind(field) == Kind::String
                    && source.text_of(field).is_some_and(|text| {
                        values::is_nothing(&text) || key.ends_with("LogonId") && text == "0x0"
                    })
                {
                    nothings.push(field);
                }
            }
        }
        nothings.into_iter().for_each(|field| self.mapper.done_field(field));
        for name in ["RemoteUserID", "RemoteMachineID", "TransactionId", "LogonGuid"] {
            self.drop_nothing(name);
        }
        for name in ["TargetLogonGuid", "TargetUserSid", "SubjectUserSid", "TargetSid"] {
            self.drop_nothing(name);
        }
        for name in ["TargetLinkedLogonId", "TargetLogonId", "SubjectLogonId"] {
            if self.is(name, "0x0") {
                self.done(name);
            }
        }
    }

    fn drop_nothing(&mut self, name: &str) {
        if self.path(name).is_some() && self.text(name).is_none() {
            self.done(name);
        }
    }
}
