//! The settings file that shows everything: every setting with its documentation and its default,
//! made from the declarations in `file`.

use std::collections::BTreeMap;

use crate::file::FileConfig;
use crate::units::{ByteSize, TimeSpan};

const HEADER: &str = "\
# Settings of Headwater, read from `--config FILE`, HEADWATER_CONFIG or ./headwater.yaml.
# Every line shows the default, so keep only what you change; what has no default starts with `#`.
";

/// A value that can be shown in the reference.
pub(crate) trait Setting {
    /// How the value is written.
    fn shown(&self) -> Shown;
}

/// How a value is written in YAML.
pub(crate) enum Shown {
    /// On the line of its name.
    Value(String),
    /// Not at all: the example is shown as a comment.
    Absent,
    /// As further settings.
    Section(Vec<Field>),
}

/// One setting of a section.
pub(crate) struct Field {
    pub(crate) name: &'static str,
    /// Lines of its documentation.
    pub(crate) documentation: &'static [&'static str],
    /// YAML that sets it, for settings without a default.
    pub(crate) example: Option<&'static str>,
    pub(crate) shown: Shown,
}

/// A settings file with every setting, its documentation and its default.
#[must_use]
pub fn default_yaml() -> String {
    let mut text = HEADER.to_owned();
    if let Shown::Section(fields) = FileConfig::default().shown() {
        for field in &fields {
            text.push('\n');
            write_field(&mut text, field, "");
        }
    }
    text
}

fn write_field(text: &mut String, field: &Field, indent: &str) {
    for line in field.documentation {
        line_to(text, &[indent, "#", line]);
    }
    match &field.shown {
        Shown::Value(value) => line_to(text, &[indent, field.name, ": ", value]),
        Shown::Absent => {
            for line in field.example.unwrap_or_default().lines() {
                line_to(text, &[indent, "#", line]);
            }
        }
        Shown::Section(fields) => {
            // A name without a value would be null, so a section of examples is an example too.
            let is_empty = fields.iter().all(|field| matches!(field.shown, Shown::Absent));
            line_to(text, &[indent, if is_empty { "#" } else { "" }, field.name, ":"]);
            let indent = format!("{indent}  ");
            for field in fields {
                write_field(text, field, &indent);
            }
        }
    }
}

fn line_to(text: &mut String, parts: &[&str]) {
    for part in parts {
        text.push_str(part);
    }
    text.push('\n');
}

impl Setting for bool {
    fn shown(&self) -> Shown {
        Shown::Value(self.to_string())
    }
}

impl Setting for u32 {
    fn shown(&self) -> Shown {
        Shown::Value(self.to_string())
    }
}

impl Setting for u64 {
    fn shown(&self) -> Shown {
        Shown::Value(self.to_string())
    }
}

impl Setting for ByteSize {
    fn shown(&self) -> Shown {
        Shown::Value(self.to_string())
    }
}

impl Setting for TimeSpan {
    fn shown(&self) -> Shown {
        Shown::Value(self.to_string())
    }
}

impl Setting for String {
    fn shown(&self) -> Shown {
        Shown::Value(self.clone())
    }
}

impl Setting for Vec<String> {
    fn shown(&self) -> Shown {
        Shown::Value(format!("[{}]", self.join(", ")))
    }
}

impl<T: Setting> Setting for Option<T> {
    fn shown(&self) -> Shown {
        self.as_ref().map_or(Shown::Absent, Setting::shown)
    }
}

/// Options of the object store have no default.
impl<T> Setting for BTreeMap<String, T> {
    fn shown(&self) -> Shown {
        Shown::Absent
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::path::Path;

    use super::*;
    use crate::config::Config;
    use crate::parse::parse;

    #[test]
    fn the_reference_parses_back_to_the_default() {
        let yaml = default_yaml();
        let (config, _) = parse(&yaml, Path::new("headwater.yaml")).unwrap();
        assert_eq!(config, FileConfig::default(), "{yaml}");
    }

    #[test]
    fn every_setting_of_the_reference_can_be_set() {
        // Examples are comments without a space after the `#`.
        let yaml = default_yaml().lines().map(uncommented).collect::<Vec<_>>().join("\n");
        let config = Config::from_yaml(&yaml, Path::new("/etc/headwater.yaml")).unwrap();
        assert_eq!(config.ingest.workers.unwrap().get(), 8, "{yaml}");
        assert_eq!(config.plugins.folder.unwrap(), Path::new("/etc/./plugins"));
        assert_eq!(config.query.spill_folder.unwrap(), Path::new("/etc/./spill"));
        assert_eq!(config.lake.storage.len(), 2);
        assert!(config.serve.firehose_keys.contains_key("AKIDEXAMPLE"));
        let tls = config.serve.tls.unwrap();
        assert_eq!(tls.key, Path::new("/etc/headwater/tls.key"));
        assert_eq!(config.serve.listen.len(), 8);
        let kafka = &config.serve.kafka["main"];
        assert_eq!(kafka.topics, ["winlogbeat", "logs-*"]);
        assert_eq!(kafka.properties.len(), 4);
    }

    fn uncommented(line: &str) -> String {
        let indent = line.len() - line.trim_start().len();
        let (indent, text) = line.split_at(indent);
        let example = text.strip_prefix('#').filter(|rest| !rest.starts_with(' '));
        // The second and further lines of an example are indented.
        let is_setting = |rest: &&str| {
            rest.trim_start().split(' ').next().is_some_and(|word| word.ends_with(':'))
        };
        let nested = text.strip_prefix("#  ").filter(is_setting);
        match (example, nested) {
            (Some(example), _) => format!("{indent}{example}"),
            (None, Some(nested)) => format!("{indent}  {nested}"),
            (None, None) => line.to_owned(),
        }
    }

    #[test]
    fn the_reference_is_readable() {
        let yaml = default_yaml();
        for line in yaml.lines() {
            assert!(line.chars().count() <= 100, "{line}");
        }
        let query = "\
# Limits of every SQL statement.
query:
  # Memory for sorting, grouping and joining, at least 16MiB; beyond it disk is used.
  memory_bytes_max: 1GiB
  # Longest run of one statement; `null` for no limit.
  timeout: 1h
";
        assert!(yaml.contains(query), "{yaml}");
        assert!(yaml.contains("\n#plugins:\n"), "{yaml}");
    }
}
