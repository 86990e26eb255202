//! What the event shell says about an event: category, severity and a line for people to read.

use std::borrow::Cow;
use std::fmt::Write;

use super::channels::{Channel, SERVICE_INSTALLED};
use super::fields::Fields;

/// Longest part of the message that goes into the summary, in characters.
const TITLE_CHARACTERS_MAX: usize = 120;

/// What kind of activity the event tells of, where that is clear.
pub(crate) fn category_of(channel: Channel, event_id: u32) -> Option<&'static str> {
    match channel {
        Channel::Security => security_category(event_id),
        Channel::Sysmon => sysmon_category(event_id),
        Channel::System if event_id == SERVICE_INSTALLED => Some("service"),
        Channel::PowerShell => Some("script"),
        Channel::WmiActivity => Some("wmi"),
        Channel::Application | Channel::System | Channel::Other => None,
    }
}

fn sysmon_category(event_id: u32) -> Option<&'static str> {
    match event_id {
        1 | 5 | 8 | 10 | 25 => Some("process"),
        2 | 9 | 11 | 15 | 23 | 26..=29 => Some("file"),
        3 | 22 => Some("network"),
        4 | 16 => Some("configuration"),
        6 | 7 => Some("module"),
        12..=14 => Some("registry"),
        17 | 18 => Some("pipe"),
        19..=21 => Some("wmi"),
        _ => None,
    }
}

fn security_category(event_id: u32) -> Option<&'static str> {
    match event_id {
        4624..=4627 | 4634 | 4647..=4649 | 4672 | 4768..=4779 | 4800..=4803 | 4964 => {
            Some("authentication")
        }
        4688 | 4689 | 4696 => Some("process"),
        5152 | 5154 | 5156..=5158 => Some("network"),
        4657 => Some("registry"),
        4664 | 5051 | 5140 | 5142..=5145 | 5168 => Some("file"),
        4697 => Some("service"),
        4698..=4702 => Some("scheduled_task"),
        4704 | 4720..=4767 | 4781 | 4782 => Some("account"),
        1102 | 4715 | 4719 | 4817 | 4902..=4912 => Some("configuration"),
        5136..=5141 | 5169 | 5170 => Some("directory"),
        _ => None,
    }
}

/// The severity that a level means, written or numbered; `None` for one that means none.
pub(crate) fn severity_of(level: &str) -> Option<&'static str> {
    const LEVELS: [(&str, &str, &str); 5] = [
        ("1", "critical", "CRITICAL"),
        ("2", "error", "ERROR"),
        ("3", "warning", "WARNING"),
        ("4", "information", "INFO"),
        ("5", "verbose", "DEBUG"),
    ];
    let is_level = |(number, word, _): &&(&str, &str, &str)| {
        *number == level || word.eq_ignore_ascii_case(level)
    };
    LEVELS.iter().find(is_level).map(|(_, _, severity)| *severity)
}

/// `Sysmon 3: networkconnect (host …, user …, process …, from …, to …)`: what is missing is left
/// out.
pub(crate) fn summary_of(
    fields: &Fields<'_>,
    log_name: &str,
    event_id: u32,
    action: Option<&str>,
    message: &str,
) -> String {
    let mut summary = format!("{} {event_id}", short_name(log_name));
    let title = action.unwrap_or_else(|| title_of(message));
    if !title.is_empty() {
        summary.push_str(": ");
        summary.extend(title.chars().take(TITLE_CHARACTERS_MAX));
    }
    let address = |name| fields.text(name).filter(|text| !text.is_empty());
    let parts = [
        ("host", fields.text("host_name")),
        ("user", user_of(fields)),
        ("process", fields.text("process_name")),
        ("from", address("src_ip_addr")),
        ("to", address("dst_ip_addr")),
    ];
    let mut separator = " (";
    for (label, value) in parts {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            // Writing to a String cannot fail.
            let _ = write!(summary, "{separator}{label} {value}");
            separator = ", ";
        }
    }
    if separator == ", " {
        summary.push(')');
    }
    summary
}

/// `Microsoft-Windows-Sysmon/Operational` is `Sysmon`.
fn short_name(log_name: &str) -> &str {
    let name = log_name.strip_prefix("Microsoft-Windows-").unwrap_or(log_name);
    name.strip_suffix("/Operational").unwrap_or(name)
}

/// The first line of the message, without the sign at its end.
fn title_of(message: &str) -> &str {
    let line = message.lines().next().unwrap_or_default().trim();
    line.trim_end_matches(['.', ':'])
}

fn user_of<'a>(fields: &'a Fields<'_>) -> Option<Cow<'a, str>> {
    let name = fields.text("user_name")?;
    match fields.text("user_domain") {
        Some(domain) if !domain.is_empty() => Some(Cow::Owned([&*domain, "\\", &*name].concat())),
        _ => Some(name),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::{category_of, severity_of, short_name, title_of};
    use crate::windows_winlogbeat::channels::Channel;

    #[test]
    fn severities_come_from_levels() {
        for (level, severity) in [
            ("Information", Some("INFO")),
            ("information", Some("INFO")),
            ("2", Some("ERROR")),
            ("Verbose", Some("DEBUG")),
            ("0", None),
            ("8", None),
            ("", None),
        ] {
            assert_eq!(severity_of(level), severity, "{level}");
        }
    }

    #[test]
    fn categories_need_a_channel_and_a_clear_event() {
        assert_eq!(category_of(Channel::Security, 4624), Some("authentication"));
        assert_eq!(category_of(Channel::Sysmon, 3), Some("network"));
        assert_eq!(category_of(Channel::System, 7045), Some("service"));
        assert_eq!(category_of(Channel::System, 7036), None);
        assert_eq!(category_of(Channel::Security, 4703), None);
        assert_eq!(category_of(Channel::Other, 3), None);
    }

    #[test]
    fn names_and_titles_are_short() {
        assert_eq!(short_name("Microsoft-Windows-Sysmon/Operational"), "Sysmon");
        assert_eq!(short_name("Microsoft-Windows-Bits-Client/Admin"), "Bits-Client/Admin");
        assert_eq!(short_name("Security"), "Security");
        assert_eq!(
            title_of("An account was logged off.\r\n\r\nSubject:"),
            "An account was logged off"
        );
        assert_eq!(title_of("\nSubject"), "");
    }
}
