//! Writing one JSON line: members in order, strings escaped, commas placed.

use std::fmt::{self, Display, Write as _};

/// A JSON object under construction on one line of text.
#[derive(Debug)]
pub(super) struct Line<'a> {
    out: &'a mut String,
}

impl<'a> Line<'a> {
    /// Begins an object at the end of `out`.
    pub(super) fn begin(out: &'a mut String) -> Self {
        out.push('{');
        Self { out }
    }

    /// Ends the object and the line.
    pub(super) fn finish(self) {
        self.out.push_str("}\n");
    }

    /// Adds a string.
    pub(super) fn text(&mut self, key: &str, value: impl Display) {
        self.key(key);
        self.string(value);
    }

    /// Adds a number, `true`, `false` or `null` as it is displayed.
    pub(super) fn bare(&mut self, key: &str, value: impl Display) {
        self.key(key);
        // Writing to a String cannot fail.
        let _ = write!(self.out, "{value}");
    }

    /// Adds an object whose members `write` adds.
    pub(super) fn object(&mut self, key: &str, write: impl FnOnce(&mut Self)) {
        self.key(key);
        self.out.push('{');
        write(self);
        self.out.push('}');
    }

    /// Adds an array of objects, one for each item.
    pub(super) fn objects<T>(
        &mut self,
        key: &str,
        items: impl IntoIterator<Item = T>,
        mut write: impl FnMut(&mut Self, T),
    ) {
        self.key(key);
        self.out.push('[');
        for item in items {
            self.comma();
            self.out.push('{');
            write(self, item);
            self.out.push('}');
        }
        self.out.push(']');
    }

    fn key(&mut self, key: &str) {
        self.comma();
        self.out.push('"');
        self.out.push_str(key);
        self.out.push_str("\":");
    }

    fn comma(&mut self) {
        if !self.out.ends_with(['{', '[']) {
            self.out.push(',');
        }
    }

    fn string(&mut self, value: impl Display) {
        self.out.push('"');
        let _ = write!(Escaped(self.out), "{value}");
        self.out.push('"');
    }
}

/// Escapes what is written to it as the inside of a JSON string.
struct Escaped<'a>(&'a mut String);

impl fmt::Write for Escaped<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut rest = text;
        while let Some(place) = rest.find(['"', '\\', '\n', '\t']) {
            let (plain, special) = rest.split_at(place);
            self.0.push_str(plain);
            self.0.push_str(match special.as_bytes().first() {
                Some(b'"') => "\\\"",
                Some(b'\n') => "\\n",
                Some(b'\t') => "\\t",
                _ => "\\\\",
            });
            // All four are one byte long.
            rest = special.get(1..).unwrap_or_default();
        }
        self.0.push_str(rest);
        Ok(())
    }
}

/// Lower-case hexadecimal digits of random bits, for ids.
#[derive(Debug, Clone, Copy)]
pub(super) struct Uuid(pub(super) u64, pub(super) u64);

impl Display for Uuid {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(high, low) = *self;
        write!(
            formatter,
            "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
            high >> 32,
            high >> 16 & 0xFFFF,
            high & 0xFFF,
            low >> 48 & 0x3FFF | 0x8000,
            low & 0xFFFF_FFFF_FFFF
        )
    }
}

#[cfg(test)]
mod tests {
    use super::{Line, Uuid};

    #[test]
    fn members_are_separated_and_strings_escaped() {
        let mut out = String::new();
        let mut line = Line::begin(&mut out);
        line.text("a", "C:\\x \"y\"\n\tz®");
        line.object("empty", |_| {});
        line.object("b", |line| {
            line.bare("n", 1.5);
            line.bare("null", "null");
        });
        line.objects("list", [1, 2], |line, item| line.bare("i", item));
        line.finish();
        assert_eq!(
            out,
            "{\"a\":\"C:\\\\x \\\"y\\\"\\n\\tz®\",\"empty\":{},\"b\":{\"n\":1.5,\"null\":null},\
             \"list\":[{\"i\":1},{\"i\":2}]}\n"
        );
    }

    #[test]
    fn uuids_are_of_version_4() {
        assert_eq!(Uuid(u64::MAX, u64::MAX).to_string(), "ffffffff-ffff-4fff-bfff-ffffffffffff");
        assert_eq!(Uuid(0, 0).to_string(), "00000000-0000-4000-8000-000000000000");
    }
}
