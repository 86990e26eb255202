//! Undoes what people do to indicators so that nobody clicks on them.

use std::borrow::Cow;

/// What stands for a character between brackets.
const WORDS: [(&str, &str); 9] = [
    (".", "."),
    ("dot", "."),
    ("@", "@"),
    ("at", "@"),
    (":", ":"),
    ("://", "://"),
    ("/", "/"),
    ("//", "//"),
    ("-", "-"),
];

/// Schemes that are written so.
const SCHEMES: [(&str, &str); 6] = [
    ("hxxps", "https"),
    ("hxxp", "http"),
    ("h**ps", "https"),
    ("h**p", "http"),
    ("fxps", "ftps"),
    ("fxp", "ftp"),
];

/// The text as it was before: `hxxp`, `[.]`, `(dot)`, `{at}`, `[:]`, `\.` and the like.
pub(crate) fn refang(text: &str) -> Cow<'_, str> {
    let mut text = Cow::Borrowed(text);
    if text.contains(['[', '(', '{']) {
        text = Cow::Owned(without_brackets(&text));
    }
    if has_only_escaped_dots(&text) {
        text = Cow::Owned(text.replace("\\.", "."));
    }
    let scheme = SCHEMES.into_iter().find_map(|(written, meant)| {
        let head = text.get(..written.len()).filter(|head| head.eq_ignore_ascii_case(written))?;
        let rest = text.get(head.len()..)?;
        rest.starts_with("://").then(|| format!("{meant}{rest}"))
    });
    scheme.map_or(text, Cow::Owned)
}

/// Whether every backslash stands before a dot, and it is not a path that begins with one.
fn has_only_escaped_dots(text: &str) -> bool {
    let escaped = text.matches("\\.").count();
    escaped > 0 && escaped == text.matches('\\').count() && !text.starts_with('\\') && {
        // `C:\.ssh`
        text.as_bytes().get(1) != Some(&b':')
    }
}

fn without_brackets(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(['[', '(', '{']) {
        let (before, from) = rest.split_at(start);
        out.push_str(before);
        match bracketed(from) {
            Some((character, after)) => {
                // `evil [dot] com`
                let is_spaced = out.ends_with(' ') && after.starts_with(' ');
                if is_spaced {
                    out.pop();
                }
                out.push_str(character);
                rest = if is_spaced { after.trim_start() } else { after };
            }
            None => {
                let mut characters = from.chars();
                out.extend(characters.next());
                rest = characters.as_str();
            }
        }
    }
    out.push_str(rest);
    out
}

/// What the brackets at the start stand for, and the text behind them.
fn bracketed(text: &str) -> Option<(&'static str, &str)> {
    let close = match text.as_bytes().first()? {
        b'[' => ']',
        b'(' => ')',
        _ => '}',
    };
    let (inner, after) = text.get(1..)?.split_once(close)?;
    let inner = inner.trim();
    let (_, character) = WORDS.into_iter().find(|(word, _)| inner.eq_ignore_ascii_case(word))?;
    Some((character, after))
}
