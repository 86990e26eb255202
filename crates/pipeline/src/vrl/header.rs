//! The header of a plugin file: YAML inside comments, so that the file stays a plain VRL program.
//!
//! ```text
//! # ---
//! # kind: enrich
//! # registration: [srcip, cloudtrail]
//! # priority: 50
//! # description: Tags events from our own networks.
//! # ---
//! ```
//!
//! The first line of the file is the fence `# ---`; the header ends with the next one. Each line
//! between is a comment; what follows `# ` is YAML.

use serde::Deserialize;

use super::Diagnostic;
use super::diagnostic::Source;
use crate::PluginKind;

const FENCE: &str = "# ---";

/// Priority of a plugin that names none.
const PRIORITY_DEFAULT: i32 = 100;

/// What the header says.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Header {
    kind: Kind,
    pub(super) registration: Vec<String>,
    #[serde(default = "priority_default")]
    pub(super) priority: i32,
    #[serde(default)]
    pub(super) description: String,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Normalize,
    Enrich,
}

const fn priority_default() -> i32 {
    PRIORITY_DEFAULT
}

impl Header {
    pub(super) const fn kind(&self) -> PluginKind {
        match self.kind {
            Kind::Normalize => PluginKind::Normalize,
            Kind::Enrich => PluginKind::Enrich,
        }
    }

    /// Reads the header at the start of a file.
    pub(super) fn parse(source: &Source<'_>) -> Result<Self, Box<Diagnostic>> {
        let lines = header_lines(source)?;
        let yaml: Vec<&str> = lines.iter().map(|line| line.yaml).collect();
        let header: Self = serde_saphyr::from_str(&yaml.join("\n"))
            .map_err(|error| Box::new(yaml_fault(source, &lines, &error)))?;
        let empty = |word: &String| word.trim().is_empty();
        if header.registration.is_empty() || header.registration.iter().any(empty) {
            let line = lines.iter().find(|line| line.yaml.starts_with("registration"));
            let span =
                line.map_or(0..FENCE.len(), |line| line.offset..line.offset + line.yaml.len());
            let fault = source.fault(span, "`registration` needs words, none of them empty");
            return Err(fault.with_help(STAR_HELP).into());
        }
        Ok(header)
    }
}

const STAR_HELP: &str = "to run on every event: registration: [\"*\"]";

const REQUIRED_HELP: &str = "required: kind (normalize or enrich), registration (list of words)";

const OPTIONAL_HELP: &str = "optional: priority (whole number), description";

/// One line between the fences.
struct Line<'a> {
    /// Without the comment sign.
    yaml: &'a str,
    /// Byte of the file at which `yaml` starts.
    offset: usize,
}

fn header_lines<'a>(source: &Source<'a>) -> Result<Vec<Line<'a>>, Box<Diagnostic>> {
    let mut offset = 0;
    let mut lines = Vec::new();
    for (index, line) in source.text.split_inclusive('\n').enumerate() {
        let content = line.trim_end();
        let start = offset;
        offset += line.len();
        match (index, content == FENCE) {
            (0, true) => continue,
            (0, false) => break,
            (_, true) => return Ok(lines),
            (_, false) => {}
        }
        let Some(comment) = content.strip_prefix('#') else {
            let span = start..start + content.len();
            return Err(source
                .fault(span, "line inside the header is not a comment")
                .with_help("start it with `# `, or end the header before it with a line `# ---`")
                .into());
        };
        let yaml = comment.strip_prefix(' ').unwrap_or(comment);
        lines.push(Line { yaml, offset: start + content.len() - yaml.len() });
    }
    let first_line = source.text.lines().next().map_or(0, str::len);
    let fault = if first_line > 0 && source.text.starts_with(FENCE) {
        source.fault(0..first_line, "header is not closed").with_help("end it with a line `# ---`")
    } else {
        source
            .fault(0..first_line, "file does not begin with a header")
            .with_help("begin it with:")
            .with_help("    # ---")
            .with_help("    # kind: enrich")
            .with_help("    # registration: [\"*\"]")
            .with_help("    # ---")
    };
    Err(fault.into())
}

/// A YAML error at its place in the file.
fn yaml_fault(source: &Source<'_>, lines: &[Line<'_>], error: &serde_saphyr::Error) -> Diagnostic {
    let error = error.without_snippet();
    let place = error.location();
    let line = place
        .and_then(|place| usize::try_from(place.line()).ok())
        .and_then(|line| lines.get(line.checked_sub(1)?))
        .or(lines.last());
    let span = line.map_or(0..FENCE.len(), |line| {
        let column = place.and_then(|place| usize::try_from(place.column()).ok()).unwrap_or(1);
        let before: usize =
            line.yaml.chars().take(column.saturating_sub(1)).map(char::len_utf8).sum();
        let start = line.offset + before.min(line.yaml.len());
        let word = source.text.get(start..line.offset + line.yaml.len()).unwrap_or_default();
        let width = word.find([' ', ':', ',', ']']).unwrap_or(word.len()).max(1);
        start..start + width
    });
    let text = error.render_with_formatter(&serde_saphyr::UserMessageFormatter);
    // The text ends with its own place, which counts from the header's second line.
    let message = match text.split(" at line ").next().unwrap_or_default() {
        "expected sequence start" => "expected a list",
        "invalid i32" => "expected a whole number",
        other => other,
    };
    let fault = source.fault(span, &format!("header: {message}"));
    // An unquoted star is an alias in YAML.
    let star = lines.iter().any(|line| line.yaml.contains("[*"));
    if star {
        fault.with_help(STAR_HELP)
    } else {
        fault.with_help(REQUIRED_HELP).with_help(OPTIONAL_HELP)
    }
}
