//! The replacement text of `regexp_replace`, in the language of Java: `$1`, `${name}`, `\$`.

use regex::{Captures, Regex};

/// A replacement that cannot be used with its pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("invalid replacement '{replacement}': {fault}")]
pub(super) struct InvalidReplacement {
    replacement: String,
    fault: String,
}

/// A replacement compiled for one pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Replacement {
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Literal(String),
    Group(usize),
}

impl Replacement {
    /// Compiles a replacement.
    ///
    /// # Errors
    /// [`InvalidReplacement`] when it names a group that the pattern does not have, or ends in the
    /// middle of something.
    pub(super) fn parse(replacement: &str, regex: &Regex) -> Result<Self, InvalidReplacement> {
        let fault =
            |fault: String| InvalidReplacement { replacement: replacement.to_owned(), fault };
        let mut parts = Vec::new();
        let mut literal = String::new();
        let mut rest = replacement;
        while let Some(special) = rest.find(['$', '\\']) {
            let (before, after) = rest.split_at(special);
            literal.push_str(before);
            let mut chars = after.chars();
            if chars.next() == Some('\\') {
                let next =
                    chars.next().ok_or_else(|| fault("it ends with a backslash".to_owned()))?;
                literal.push(next);
                rest = chars.as_str();
                continue;
            }
            let (group, unread) = parse_group(chars.as_str(), regex).map_err(fault)?;
            if !literal.is_empty() {
                parts.push(Part::Literal(std::mem::take(&mut literal)));
            }
            parts.push(Part::Group(group));
            rest = unread;
        }
        literal.push_str(rest);
        if !literal.is_empty() {
            parts.push(Part::Literal(literal));
        }
        Ok(Self { parts })
    }

    /// Appends the text with every match replaced.
    pub(super) fn replace_all(&self, regex: &Regex, text: &str, out: &mut String) {
        let replaced = regex.replace_all(text, |captures: &Captures<'_>| self.of(captures));
        out.push_str(&replaced);
    }

    fn of(&self, captures: &Captures<'_>) -> String {
        let parts = self.parts.iter().map(|part| match part {
            Part::Literal(text) => text.as_str(),
            Part::Group(group) => captures.get(*group).map_or("", |found| found.as_str()),
        });
        parts.collect()
    }
}

/// Reads what follows a dollar sign; gives the group and what follows it.
fn parse_group<'r>(text: &'r str, regex: &Regex) -> Result<(usize, &'r str), String> {
    if let Some(named) = text.strip_prefix('{') {
        let (name, rest) = named.split_once('}').ok_or_else(|| "'{' is not closed".to_owned())?;
        let mut names = regex.capture_names();
        let group = names.position(|known| known == Some(name));
        return group
            .map(|group| (group, rest))
            .ok_or_else(|| format!("no group is named '{name}'"));
    }
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    if digits == 0 {
        return Err(
            "'$' needs a group number or a name in braces; write '\\$' for the sign".to_owned()
        );
    }
    // As many digits as still name a group: `$12` is group 1 and a 2 when there are nine groups.
    let mut longest = None;
    for end in 1..=digits {
        let (number, rest) = text.split_at(end);
        match number.parse::<usize>() {
            Ok(group) if group < regex.captures_len() => longest = Some((group, rest)),
            _ => break,
        }
    }
    longest.ok_or_else(|| format!("there is no group {}", text.get(..digits).unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use regex::Regex;

    use super::Replacement;

    #[test]
    fn replaces_every_match() {
        let check = |pattern: &str, replacement: &str, text: &str, expected: &str| {
            let regex = Regex::new(pattern).unwrap();
            let mut out = String::new();
            Replacement::parse(replacement, &regex).unwrap().replace_all(&regex, text, &mut out);
            assert_eq!(out, expected, "{pattern} {replacement}");
        };
        check("a", "", "banana", "bnn");
        check("(.)(.)", "$2$1", "abcd", "badc");
        check("(.)", "$12", "ab", "a2b2");
        check("(?<word>[a-z]+)", "<${word}>", "ab cd", "<ab> <cd>");
        check("a", "\\$0 \\\\ \\n", "a", "$0 \\ n");
        check("(a)|b", "[$1]", "ab", "[a][]");
        check("x*", "-", "ab", "-a-b-");
    }

    #[test]
    fn refuses_groups_that_are_not_there() {
        let regex = Regex::new("(a)").unwrap();
        for replacement in ["$2", "$", "$x", "${b}", "${b", "\\"] {
            assert!(Replacement::parse(replacement, &regex).is_err(), "{replacement}");
        }
    }
}
