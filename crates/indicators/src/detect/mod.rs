//! Which form a text has, and the ranges of each form.

mod ending;
mod forms;

use std::borrow::Cow;

use headwater_event::ip::parse_address;

use crate::defang::refang;
use crate::form::Form;
use crate::indicator::{Indicator, IndicatorError, Note};
use crate::key::{
    DIGEST_DIGITS, begins_with_host, has_scheme, is_qualified, plain_domain, without_port,
};
use crate::kind::Kind;
use crate::range::KeyRange;
use ending::Ending;

/// An indicator without the text that it came from.
#[derive(Debug)]
struct Draft {
    kind: Kind,
    text: String,
    note: Option<Note>,
    ranges: Vec<KeyRange>,
}

impl Draft {
    const fn new(kind: Kind, text: String, ranges: Vec<KeyRange>) -> Self {
        Self { kind, text, note: None, ranges }
    }

    const fn with_note(mut self, note: Option<Note>) -> Self {
        self.note = note;
        self
    }

    /// Asks for the ranges of another form too.
    fn and(mut self, other: Self) -> Self {
        for range in other.ranges {
            if !self.ranges.contains(&range) {
                self.ranges.push(range);
            }
        }
        self
    }

    fn given(self, given: &str) -> Indicator {
        let Self { kind, text, note, ranges } = self;
        Indicator { kind, text, given: given.to_owned(), note, ranges: ranges.into() }
    }
}

/// Reads a text of a known form.
pub(crate) fn read_as(form: Form, text: &str, given: &str) -> Result<Indicator, IndicatorError> {
    let is_verbatim = matches!(form, Form::File | Form::User | Form::Other);
    let text = if is_verbatim { Cow::Borrowed(text) } else { refang(text) };
    let text = text.as_ref();
    let draft = match form {
        Form::Ip => forms::ip(text)?,
        Form::Domain => forms::domain(text),
        Form::Host => Some(forms::host(text)),
        Form::Url => Some(forms::url(text)),
        Form::Email => forms::email(text.strip_prefix("mailto:").unwrap_or(text)),
        Form::Hash => forms::hash(text),
        Form::User => Some(forms::user(text)),
        Form::File => Some(forms::file(text)),
        Form::Mac => forms::mac(text),
        Form::Other => Some(forms::other(text)),
    };
    draft.map(|draft| draft.given(given)).ok_or(IndicatorError::Form(form))
}

/// Reads a text whose form has to be seen.
pub(crate) fn read(text: &str, given: &str) -> Result<Indicator, IndicatorError> {
    // Paths are not defanged, and their brackets and dots are their own.
    let plain = if begins_like_path(text) { Cow::Borrowed(text) } else { refang(text) };
    let draft = detect(&plain)?;
    draft.map(|draft| draft.given(given)).ok_or(IndicatorError::Unknown)
}

fn detect(text: &str) -> Result<Option<Draft>, IndicatorError> {
    if text.contains(char::is_control) {
        return Ok(None);
    }
    if let Some(draft) = forms::ip(text)? {
        return Ok(Some(draft));
    }
    if is_digest(text) {
        return Ok(forms::hash(text));
    }
    if is_mac(text) {
        return Ok(forms::mac(text));
    }
    if has_scheme(text) && !text.contains(char::is_whitespace) {
        return Ok(Some(forms::url(text)));
    }
    if is_cve(text) || is_registry_key(text) {
        return Ok(Some(forms::other(text)));
    }
    if begins_like_path(text) {
        return Ok(Some(forms::file(text)));
    }
    if text.contains('\\') {
        return Ok(user_or_file(text));
    }
    if text.contains('@') && !text.contains('/') {
        return Ok(forms::email(text).or_else(|| user_with_domain(text)));
    }
    if text.contains('/') && !text.contains(char::is_whitespace) {
        let draft = if begins_with_host(text) { forms::url(text) } else { forms::file(text) };
        return Ok(Some(draft));
    }
    Ok(name(text))
}

/// A text without anything that separates parts, but for dots and a port.
fn name(text: &str) -> Option<Draft> {
    if let Some(below) = text.strip_prefix('.') {
        // `.text` is the section of a program.
        return below.contains('.').then(|| forms::domain(text)).flatten();
    }
    if text.starts_with('*') {
        return forms::domain(text);
    }
    let ending = Ending::of(text);
    if text.contains(char::is_whitespace) {
        let is_name = ending == Ending::File && !text.contains(['/', ':', '<', '>', '|', '"']);
        return is_name.then(|| forms::file(text));
    }
    let host = without_port(text);
    let note = (host.len() < text.len()).then_some(Note::Port);
    if plain_domain(host).is_some_and(|plain| is_qualified(&plain)) {
        if ending == Ending::File {
            return Some(forms::file(text));
        }
        let draft = forms::domain(host)?.and(forms::user(host)).with_note(note);
        return Some(if ending == Ending::Domain { draft } else { draft.and(forms::file(host)) });
    }
    let is_word = |character: char| character.is_alphanumeric() || "-_$#+=~!%&".contains(character);
    if note.is_none() && text.chars().all(is_word) {
        return Some(forms::user(text).and(forms::host(text)).and(forms::other(text)));
    }
    if note.is_some() && plain_domain(host).is_some() {
        return Some(forms::host(host).with_note(note));
    }
    (ending == Ending::File).then(|| forms::file(text))
}

/// `CORP\alice` or `temp\evil.exe`.
fn user_or_file(text: &str) -> Option<Draft> {
    let (_, name) = text.split_once('\\')?;
    if text.contains(['<', '>', '"', '|', '?', '*', ':']) {
        return None;
    }
    if name.contains('\\') || matches!(Ending::of(name), Ending::File | Ending::Both) {
        return Some(forms::file(text));
    }
    (!name.is_empty()).then(|| forms::user(text))
}

/// A user's name that is no e-mail address: `AROAEXAMPLE:alice@corp.example`.
fn user_with_domain(text: &str) -> Option<Draft> {
    let (name, domain) = text.rsplit_once('@')?;
    let is_one = !name.is_empty()
        && plain_domain(domain).is_some()
        && !text
            .contains(|character: char| character.is_whitespace() || ",;<>\"".contains(character));
    is_one.then(|| forms::user(text))
}

/// `C:\…`, `\\server\…`, `\…`, `%TEMP%\…`, `/…`, `~/…`.
fn begins_like_path(text: &str) -> bool {
    let is_drive = matches!(
        text.as_bytes(),
        [drive, b':', b'\\' | b'/', ..] if drive.is_ascii_alphabetic()
    );
    let is_variable = text
        .strip_prefix('%')
        .and_then(|rest| rest.split_once('%'))
        .is_some_and(|(_, rest)| rest.starts_with(['\\', '/']));
    let is_posix = text.starts_with('/') && !text.starts_with("//");
    is_drive || is_variable || is_posix || text.starts_with('\\') || text.starts_with("~/")
}

/// A digest, perhaps with the name of its algorithm.
fn is_digest(text: &str) -> bool {
    let digits = match text.split_once(['=', ':']) {
        Some((name, digits)) if Form::from_name(name) == Some(Form::Hash) => digits,
        _ => text,
    };
    DIGEST_DIGITS.contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Six pairs with colons or hyphens, or three groups of four with dots.
fn is_mac(text: &str) -> bool {
    [(':', 6, 2), ('-', 6, 2), ('.', 3, 4)].into_iter().any(|(separator, count, width)| {
        let is_group = |group: &str| {
            group.len() == width && group.bytes().all(|byte| byte.is_ascii_hexdigit())
        };
        text.split(separator).count() == count && text.split(separator).all(is_group)
    })
}

fn is_cve(text: &str) -> bool {
    let mut parts = text.split('-');
    let is_number = |part: Option<&str>| {
        part.is_some_and(|part| part.len() >= 4 && part.bytes().all(|byte| byte.is_ascii_digit()))
    };
    parts.next().is_some_and(|name| name.eq_ignore_ascii_case("cve"))
        && is_number(parts.next())
        && is_number(parts.next())
        && parts.next().is_none()
}

/// `HKLM\…`, `HKEY_LOCAL_MACHINE\…`, `\REGISTRY\…`.
fn is_registry_key(text: &str) -> bool {
    let hive = text.split('\\').find(|part| !part.is_empty()).unwrap_or_default();
    let is_hive = |name: &str| hive.eq_ignore_ascii_case(name);
    text.contains('\\')
        && (["HKLM", "HKCU", "HKCR", "HKU", "HKCC", "REGISTRY"].into_iter().any(is_hive)
            || hive.get(..5).is_some_and(|start| start.eq_ignore_ascii_case("HKEY_")))
}

/// Whether a text is an address, alone or with a port.
fn has_port(text: &str) -> bool {
    parse_address(text).is_some()
        && (text.contains("]:") || (text.contains('.') && text.matches(':').count() == 1))
}
