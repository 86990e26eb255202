//! Syslog as it stands in files: RFC 5424, and the older forms that RFC 3164 describes but nobody
//! keeps to. A line is syslog when it begins with a priority or with a time; everything else is
//! just text.
//!
//! The object has those of `message`, `timestamp` (as written), `hostname`, `program`, `processid`,
//! `facility`, `severity`, `msgid` and `structured_data` that the line holds, and `cef` or `leef`
//! when the message is one of these.

mod structured_data;
mod time;

use memchr::memchr;

use self::structured_data::{push_structured, structured_length};
use self::time::{is_iso_time, split_time};
use crate::cef_leef;
use crate::json_text::push_string;

/// Keywords of the severities 0 to 7, in the spelling of the event shell.
const SEVERITIES: [&str; 8] =
    ["EMERG", "ALERT", "CRIT", "ERR", "WARNING", "NOTICE", "INFO", "DEBUG"];

/// Keywords of the facilities 0 to 23.
const FACILITIES: [&str; 24] = [
    "kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv",
    "ftp", "ntp", "security", "console", "clock", "local0", "local1", "local2", "local3", "local4",
    "local5", "local6", "local7",
];

/// Longest program name that is taken for one.
const PROGRAM_BYTES_MAX: usize = 64;

/// Mark of UTF-8 text, which senders put in front of the message.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Parts of a syslog line, as written.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SyslogLine<'a> {
    priority: Option<usize>,
    timestamp: Option<&'a [u8]>,
    hostname: Option<&'a [u8]>,
    program: Option<&'a [u8]>,
    processid: Option<&'a [u8]>,
    msgid: Option<&'a [u8]>,
    /// `[id name="value" …][…]`, checked.
    structured: &'a [u8],
    message: &'a [u8],
}

/// Whether a line is recognised as syslog.
pub(crate) fn is_syslog(line: &[u8]) -> bool {
    parse(line).is_some()
}

/// Appends the object of a line; `{"message": line}` when it is not syslog.
pub(crate) fn push_object(line: &[u8], json: &mut Vec<u8>) {
    SyslogLine::of(line).push_object(json);
}

/// The JSON object that a line of text becomes: the fields of a syslog message, else
/// `{"message": line}`.
#[must_use]
pub fn line_object(line: &[u8]) -> Vec<u8> {
    let mut json = Vec::new();
    push_object(line, &mut json);
    json
}

impl<'a> SyslogLine<'a> {
    /// The parts of a line; what is not syslog has a message only.
    pub(crate) fn of(line: &'a [u8]) -> Self {
        parse(line).unwrap_or(Self { message: line, ..Self::default() })
    }

    /// The host that the line names.
    pub(crate) const fn hostname(&self) -> Option<&'a [u8]> {
        self.hostname
    }

    /// Appends the object of the line.
    pub(crate) fn push_object(&self, json: &mut Vec<u8>) {
        json.extend_from_slice(b"{\"message\":");
        push_string(self.message, json);
        let mut member = |name: &str, value: Option<&[u8]>| {
            if let Some(value) = value {
                json.extend_from_slice(b",\"");
                json.extend_from_slice(name.as_bytes());
                json.extend_from_slice(b"\":");
                push_string(value, json);
            }
        };
        member("timestamp", self.timestamp);
        member("hostname", self.hostname);
        member("program", self.program);
        member("processid", self.processid);
        if let Some(priority) = self.priority {
            member("facility", FACILITIES.get(priority / 8).map(|name| name.as_bytes()));
            member("severity", SEVERITIES.get(priority % 8).map(|name| name.as_bytes()));
        }
        member("msgid", self.msgid);
        if !self.structured.is_empty() {
            json.extend_from_slice(b",\"structured_data\":");
            push_structured(self.structured, json);
        }
        cef_leef::push_member(self.program, self.message, json);
        json.push(b'}');
    }
}

fn parse(line: &[u8]) -> Option<SyslogLine<'_>> {
    let (priority, rest) = split_priority(line);
    if let Some(parsed) = parse_5424(priority, rest) {
        return Some(parsed);
    }
    let (timestamp, rest) = match priority.and_then(|_| behind_sequence_number(rest)) {
        Some(rest) => split_time(rest),
        None => split_time(rest),
    };
    if priority.is_none() && timestamp.is_none() {
        return None;
    }
    let mut parsed = SyslogLine { priority, timestamp, message: rest, ..SyslogLine::default() };
    // A host stands only behind a time; a word that looks like a program is not a host.
    if timestamp.is_some()
        && !cef_leef::is_start(rest)
        && split_program(rest).is_none()
        && let Some((word, after)) = split_word(rest)
        && is_hostname(word)
        && !after.is_empty()
    {
        parsed.hostname = Some(word);
        parsed.message = after;
    }
    if cef_leef::is_start(parsed.message) {
        // It has no program, and its mark looks like one.
    } else if let Some((program, processid, message)) = split_program(parsed.message) {
        parsed.program = Some(program);
        parsed.processid = processid;
        parsed.message = message;
    } else if let Some((word, message)) = split_word(parsed.message)
        && cef_leef::is_start(message)
        && is_program(word)
    {
        // A relay that forwards in the older form what it received in the newer one.
        parsed.program = Some(word);
        parsed.message = message;
    }
    parsed.message = without_mark(parsed.message);
    Some(parsed)
}

fn without_mark(message: &[u8]) -> &[u8] {
    message.strip_prefix(BYTE_ORDER_MARK).unwrap_or(message)
}

/// What follows the number that routers put between priority and time (`<189>45: *Mar  1 …`).
fn behind_sequence_number(text: &[u8]) -> Option<&[u8]> {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let rest = text.get(digits..)?.strip_prefix(b": ")?;
    (digits > 0 && split_time(rest).0.is_some()).then_some(rest)
}

/// `<34>`: facility and severity in one number, 0 to 191.
fn split_priority(line: &[u8]) -> (Option<usize>, &[u8]) {
    let split = || {
        let inside = line.strip_prefix(b"<")?;
        let end = memchr(b'>', inside.get(..4).unwrap_or(inside))?;
        let digits = std::str::from_utf8(inside.get(..end)?).ok()?;
        let priority = digits.parse::<u8>().ok().filter(|priority| *priority < 192)?;
        Some((usize::from(priority), inside.get(end + 1..)?))
    };
    match split() {
        Some((priority, rest)) => (Some(priority), rest),
        None => (None, line),
    }
}

/// `1 TIME HOST PROGRAM PROCESS MSGID STRUCTURED-DATA MESSAGE`, with `-` for what is absent. Behind
/// a priority it is that even when the structured data is broken, which then is part of the
/// message.
fn parse_5424(priority: Option<usize>, rest: &[u8]) -> Option<SyslogLine<'_>> {
    let (timestamp, rest) = split_word(rest.strip_prefix(b"1 ")?)?;
    if timestamp != b"-" && !is_iso_time(timestamp) {
        return None;
    }
    let (hostname, rest) = split_word(rest)?;
    let (program, rest) = split_word(rest)?;
    let (processid, rest) = split_word(rest)?;
    let (msgid, rest) = split_word(rest).unwrap_or((rest, b""));
    let (structured, message) = match rest.strip_prefix(b"-") {
        Some(message) if message.is_empty() || message.starts_with(b" ") => (&b""[..], message),
        _ => match structured_length(rest) {
            Some(length) => rest.split_at_checked(length)?,
            None => (&b""[..], priority.map(|_| rest)?),
        },
    };
    let message = message.strip_prefix(b" ").unwrap_or(message);
    // The blank behind the colon of the older form, which relays keep when they convert it.
    let message = message.strip_prefix(b" ").unwrap_or(message);
    let present = |word: &'_ [u8]| word != b"-";
    Some(SyslogLine {
        priority,
        timestamp: Some(timestamp).filter(|word| present(word)),
        hostname: Some(hostname).filter(|word| present(word)),
        program: Some(program).filter(|word| present(word)),
        processid: Some(processid).filter(|word| present(word)),
        msgid: Some(msgid).filter(|word| present(word)),
        structured,
        message: without_mark(message),
    })
}

/// Name, process and message.
type Program<'a> = (&'a [u8], Option<&'a [u8]>, &'a [u8]);

fn is_program_byte(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || b"_-./@%+*()#".contains(byte)
}

fn is_program(word: &[u8]) -> bool {
    word.len() <= PROGRAM_BYTES_MAX && word.iter().all(is_program_byte)
}

/// `program: message`, `program[123]: message` or `program[123] message`.
fn split_program(text: &[u8]) -> Option<Program<'_>> {
    let length = text.iter().take_while(|byte| is_program_byte(byte)).count();
    if !(1..=PROGRAM_BYTES_MAX).contains(&length) {
        return None;
    }
    let (program, rest) = text.split_at_checked(length)?;
    let message = |rest: &'_ [u8]| -> Option<usize> {
        (rest.is_empty() || rest.starts_with(b" ")).then_some(usize::from(!rest.is_empty()))
    };
    if let Some(rest) = rest.strip_prefix(b":") {
        return Some((program, None, rest.get(message(rest)?..)?));
    }
    let inside = rest.strip_prefix(b"[")?;
    let end = memchr(b']', inside.get(..PROGRAM_BYTES_MAX).unwrap_or(inside))?;
    let (processid, rest) = (inside.get(..end)?, inside.get(end + 1..)?);
    if processid.contains(&b' ') {
        return None;
    }
    let rest = rest.strip_prefix(b":").unwrap_or(rest);
    Some((program, Some(processid), rest.get(message(rest)?..)?))
}

fn is_hostname(word: &[u8]) -> bool {
    word.len() <= 255
        && word.iter().all(|byte| byte.is_ascii_alphanumeric() || b".-_:/%[]".contains(byte))
        && word.iter().any(u8::is_ascii_alphanumeric)
}

/// Word up to a blank, and what follows the blank.
fn split_word(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = memchr(b' ', text).filter(|end| *end > 0)?;
    Some((text.get(..end)?, text.get(end + 1..)?))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use proptest::prelude::*;

    use super::*;

    fn object(line: &str) -> String {
        let mut json = Vec::new();
        push_object(line.as_bytes(), &mut json);
        String::from_utf8(json).unwrap()
    }

    fn check(cases: &[(&str, &str)]) {
        for (line, expected) in cases {
            assert_eq!(object(line), *expected, "{line}");
        }
    }

    #[test]
    fn every_form_gives_its_parts() {
        check(&[
            (
                "<34>Oct 11 22:14:15 mymachine su: 'su root' failed",
                r#"{"message":"'su root' failed","timestamp":"Oct 11 22:14:15","hostname":"mymachine","program":"su","facility":"auth","severity":"CRIT"}"#,
            ),
            (
                "Apr 17 06:10:54 something.example.com sudo[123]:   nagios : TTY=unknown",
                r#"{"message":"  nagios : TTY=unknown","timestamp":"Apr 17 06:10:54","hostname":"something.example.com","program":"sudo","processid":"123"}"#,
            ),
            (
                "Nov  2 15:40:14 workshop kernel: [ 12.3] usb: x",
                r#"{"message":"[ 12.3] usb: x","timestamp":"Nov  2 15:40:14","hostname":"workshop","program":"kernel"}"#,
            ),
            (
                "Nov 2 2024 15:40:14.123 10.0.0.1 %ASA-6-302013: Built",
                r#"{"message":"Built","timestamp":"Nov 2 2024 15:40:14.123","hostname":"10.0.0.1","program":"%ASA-6-302013"}"#,
            ),
            (
                "Oct 11 22:14:15 su[1]: no host",
                r#"{"message":"no host","timestamp":"Oct 11 22:14:15","program":"su","processid":"1"}"#,
            ),
            (
                "Feb 12 14:10:21 host last message repeated 2 times",
                r#"{"message":"last message repeated 2 times","timestamp":"Feb 12 14:10:21","hostname":"host"}"#,
            ),
            (
                "2026-01-31T10:00:00.123456+01:00 web postfix/smtpd[7]: connect from x[1.2.3.4]",
                r#"{"message":"connect from x[1.2.3.4]","timestamp":"2026-01-31T10:00:00.123456+01:00","hostname":"web","program":"postfix/smtpd","processid":"7"}"#,
            ),
            (
                "<189>*Mar  1 18:46:11.123 UTC: %SYS-5-CONFIG_I: Configured",
                r#"{"message":"Configured","timestamp":"Mar  1 18:46:11.123 UTC","program":"%SYS-5-CONFIG_I","facility":"local7","severity":"NOTICE"}"#,
            ),
            (
                "<13>only a priority",
                r#"{"message":"only a priority","facility":"user","severity":"NOTICE"}"#,
            ),
            (
                r#"<165>1 2003-10-11T22:14:15.003Z host.example evntslog 77 ID47 [a@1 iut="3" t="a\"b\]c\\d"][b x="1" x="2"] An event"#,
                r#"{"message":"An event","timestamp":"2003-10-11T22:14:15.003Z","hostname":"host.example","program":"evntslog","processid":"77","facility":"local4","severity":"NOTICE","msgid":"ID47","structured_data":{"a@1":{"iut":"3","t":"a\"b]c\\d"},"b":{"x":"1","x_2":"2"}}}"#,
            ),
            (
                "<34>1 2003-10-11T22:14:15.003Z host su - ID47 - \u{feff}'su root' failed",
                r#"{"message":"'su root' failed","timestamp":"2003-10-11T22:14:15.003Z","hostname":"host","program":"su","facility":"auth","severity":"CRIT","msgid":"ID47"}"#,
            ),
            ("<34>1 - - - - - -", r#"{"message":"","facility":"auth","severity":"CRIT"}"#),
            ("<192>no priority", r#"{"message":"<192>no priority"}"#),
            (
                "2026-01-31 10:00:00 INFO a log line",
                r#"{"message":"2026-01-31 10:00:00 INFO a log line"}"#,
            ),
            ("May the force be with you", r#"{"message":"May the force be with you"}"#),
            ("just \"text\"", r#"{"message":"just \"text\""}"#),
        ]);
    }

    #[test]
    fn what_relays_and_routers_make_of_it_is_read() {
        check(&[
            (
                "<38>1 2026-11-20T10:00:00+00:00 gate7 pump - - -  IN=eth1 OUT=",
                r#"{"message":"IN=eth1 OUT=","timestamp":"2026-11-20T10:00:00+00:00","hostname":"gate7","program":"pump","facility":"auth","severity":"INFO"}"#,
            ),
            (
                "<38>1 2026-11-20T10:00:00Z gate7 pump - - [broken data",
                r#"{"message":"[broken data","timestamp":"2026-11-20T10:00:00Z","hostname":"gate7","program":"pump","facility":"auth","severity":"INFO"}"#,
            ),
            (
                "<38>1 2026-11-20T10:00:00Z gate7 pump - - [timeQuality tzKnown=\"1\" isSynced=\"0\"] on",
                r#"{"message":"on","timestamp":"2026-11-20T10:00:00Z","hostname":"gate7","program":"pump","facility":"auth","severity":"INFO","structured_data":{"timeQuality":{"tzKnown":"1","isSynced":"0"}}}"#,
            ),
            (
                "<38>Nov 20 10:00:00 gate7 pump[5] \u{feff}no colon",
                r#"{"message":"no colon","timestamp":"Nov 20 10:00:00","hostname":"gate7","program":"pump","processid":"5","facility":"auth","severity":"INFO"}"#,
            ),
            (
                "<189>45: *Mar  1 18:46:11.123 UTC: %SYS-5-CONFIG_I: Configured",
                r#"{"message":"Configured","timestamp":"Mar  1 18:46:11.123 UTC","program":"%SYS-5-CONFIG_I","facility":"local7","severity":"NOTICE"}"#,
            ),
        ]);
    }

    #[test]
    fn cef_and_leef_are_read_behind_every_header() {
        check(&[
            (
                "<38>Nov 20 10:00:00 gate7 CEF: 0|A|B|1|2|n|3|src=::1",
                r#"{"message":"CEF: 0|A|B|1|2|n|3|src=::1","timestamp":"Nov 20 10:00:00","hostname":"gate7","facility":"auth","severity":"INFO","cef":{"version":"0","device_vendor":"A","device_product":"B","device_version":"1","signature_id":"2","name":"n","severity":"3","extension":{"src":"::1"}}}"#,
            ),
            (
                "<38>1 2024-11-20T10:00:00Z gate7 CEF - - - 0|A|B|1|2|n|3|src=::1",
                r#"{"message":"0|A|B|1|2|n|3|src=::1","timestamp":"2024-11-20T10:00:00Z","hostname":"gate7","program":"CEF","facility":"auth","severity":"INFO","cef":{"version":"0","device_vendor":"A","device_product":"B","device_version":"1","signature_id":"2","name":"n","severity":"3","extension":{"src":"::1"}}}"#,
            ),
            (
                "<38>1 2024-11-20T10:00:00Z gate7 CEF - - - CEF:0|A|B|1|2|n|3|",
                r#"{"message":"CEF:0|A|B|1|2|n|3|","timestamp":"2024-11-20T10:00:00Z","hostname":"gate7","program":"CEF","facility":"auth","severity":"INFO","cef":{"version":"0","device_vendor":"A","device_product":"B","device_version":"1","signature_id":"2","name":"n","severity":"3","extension":{}}}"#,
            ),
            (
                "<38>Nov 20 10:00:00 gate7 wall CEF:0|A|B|1|2|n|3|",
                r#"{"message":"CEF:0|A|B|1|2|n|3|","timestamp":"Nov 20 10:00:00","hostname":"gate7","program":"wall","facility":"auth","severity":"INFO","cef":{"version":"0","device_vendor":"A","device_product":"B","device_version":"1","signature_id":"2","name":"n","severity":"3","extension":{}}}"#,
            ),
            (
                "Nov 20 10:00:00 CEF: 0|A|B|1|2|n|3|",
                r#"{"message":"CEF: 0|A|B|1|2|n|3|","timestamp":"Nov 20 10:00:00","cef":{"version":"0","device_vendor":"A","device_product":"B","device_version":"1","signature_id":"2","name":"n","severity":"3","extension":{}}}"#,
            ),
            (
                "<38>1 - gate7 pump - - - LEEF:1.0|A|B|1|2|src=1\tdst=2",
                r#"{"message":"LEEF:1.0|A|B|1|2|src=1\tdst=2","hostname":"gate7","program":"pump","facility":"auth","severity":"INFO","leef":{"version":"1.0","vendor":"A","product":"B","product_version":"1","event_id":"2","attributes":{"src":"1","dst":"2"}}}"#,
            ),
            (
                "LEEF:1.0|A|B|1|2|",
                r#"{"message":"LEEF:1.0|A|B|1|2|","leef":{"version":"1.0","vendor":"A","product":"B","product_version":"1","event_id":"2","attributes":{}}}"#,
            ),
        ]);
    }

    proptest! {
        #[test]
        fn any_line_gives_an_object(
            line in "(<[0-9]{0,4}>)?(1 )?(Oct 11 22:14:15|2026-01-31T10:00:00Z|-)?[ a-z\\[\\]\"=\\\\:0-9-]{0,60}",
        ) {
            let value: serde_json::Value = serde_json::from_str(&object(&line)).unwrap();
            prop_assert!(value["message"].is_string());
        }
    }
}
