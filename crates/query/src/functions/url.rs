//! `url_extract_*`, `url_encode`, `url_decode`.
//!
//! A URL is taken apart by the generic syntax (RFC 3986), as it is spelled: nothing is lower-cased,
//! completed or resolved, because a hunter wants to see what the attacker wrote.

use arrow::array::{ArrayRef, Int64Array};
use arrow::datatypes::DataType;
use datafusion::common::Result;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::argument::Argument;
use super::call::Call;
use super::definition::Definition;
use super::reference::{Group, Reference};

const EXAMPLE: &str = "An empty text when the URL has none, NULL when the text is not a URL.";

/// The functions that give one part of a URL.
pub(super) static URL_PARTS: [Definition; 5] = [
    part(
        "url_extract_protocol",
        "url_extract_protocol(url)",
        "The scheme of the URL.",
        ("url_extract_protocol('https://example.com:8443/a?b=c#d')", "https"),
        |call| extract(call, |url| url.scheme.map(str::to_owned)),
    ),
    part(
        "url_extract_host",
        "url_extract_host(url)",
        "The host of the URL, as it is spelled.",
        ("url_extract_host('https://user@example.com:8443/a?b=c#d')", "example.com"),
        |call| extract(call, |url| url.host.map(str::to_owned)),
    ),
    part(
        "url_extract_path",
        "url_extract_path(url)",
        "The path of the URL, percent-decoded.",
        ("url_extract_path('https://example.com/a%20b?b=c#d')", "/a b"),
        |call| extract(call, |url| url.path.map(decoded)),
    ),
    part(
        "url_extract_query",
        "url_extract_query(url)",
        "The query of the URL without the question mark, percent-decoded.",
        ("url_extract_query('https://example.com/a?b=c&d=e#f')", "b=c&d=e"),
        |call| extract(call, |url| url.query.map(decoded)),
    ),
    part(
        "url_extract_fragment",
        "url_extract_fragment(url)",
        "The fragment of the URL without the hash, percent-decoded.",
        ("url_extract_fragment('https://example.com/a?b=c#d')", "d"),
        |call| extract(call, |url| url.fragment.map(decoded)),
    ),
];

pub(super) static URL_EXTRACT_PORT: Definition = Definition {
    reference: Reference {
        name: "url_extract_port",
        aliases: &[],
        group: Group::Url,
        syntax: "url_extract_port(url)",
        result: "bigint",
        description: "The port of the URL; NULL when it has none and when the text is not a URL.",
        example: ("url_extract_port('https://example.com:8443/a')", "8443"),
        difference: "",
    },
    forms: &[&[Argument::Text]],
    returns: |_planned| Ok(DataType::Int64),
    strict: true,
    evaluate: |call| {
        let urls = call.text(0)?;
        call.collect::<Int64Array, _>(|row| {
            Ok(urls.value(row).and_then(Url::parse).and_then(|url| url.port?.parse().ok()))
        })
    },
};

pub(super) static URL_EXTRACT_PARAMETER: Definition = Definition {
    reference: Reference {
        name: "url_extract_parameter",
        aliases: &[],
        group: Group::Url,
        syntax: "url_extract_parameter(url, name)",
        result: "varchar",
        description: "The value of the first parameter with the name in the query of the URL, \
            decoded; an empty text when it has no value, NULL when there is no such parameter.",
        example: ("url_extract_parameter('https://example.com/?q=a+b&r=1', 'q')", "a b"),
        difference: "",
    },
    forms: &[&[Argument::Text, Argument::Text]],
    returns: |_planned| Ok(DataType::Utf8View),
    strict: true,
    evaluate: evaluate_parameter,
};

pub(super) static URL_ENCODE: Definition = Definition {
    reference: Reference {
        name: "url_encode",
        aliases: &[],
        group: Group::Url,
        syntax: "url_encode(text)",
        result: "varchar",
        description: "The text as a form value: letters, digits and `-_.*` as they are, a space \
            as `+`, every other byte of its UTF-8 as `%XX`.",
        example: ("url_encode('a b/ä')", "a+b%2F%C3%A4"),
        difference: "",
    },
    forms: &[&[Argument::Text]],
    returns: |_planned| Ok(DataType::Utf8View),
    strict: true,
    evaluate: |call| {
        let texts = call.text(0)?;
        call.build_text(|row, out| {
            let Some(text) = texts.value(row) else { return Ok(false) };
            for (index, word) in text.split(' ').enumerate() {
                if index > 0 {
                    out.push('+');
                }
                out.extend(utf8_percent_encode(word, FORM_ESCAPED));
            }
            Ok(true)
        })
    },
};

pub(super) static URL_DECODE: Definition = Definition {
    reference: Reference {
        name: "url_decode",
        aliases: &[],
        group: Group::Url,
        syntax: "url_decode(text)",
        result: "varchar",
        description: "The inverse of `url_encode`; an error for a `%` that two hexadecimal digits \
            do not follow. Bytes that are not UTF-8 become U+FFFD.",
        example: ("url_decode('a+b%2F%C3%A4')", "a b/ä"),
        difference: "",
    },
    forms: &[&[Argument::Text]],
    returns: |_planned| Ok(DataType::Utf8View),
    strict: true,
    evaluate: |call| {
        let texts = call.text(0)?;
        call.build_text(|row, out| {
            let Some(text) = texts.value(row) else { return Ok(false) };
            if !escapes_are_complete(text) {
                return Err(call.error(format!("'{text}' has an incomplete escape")));
            }
            form_decode_into(text, out);
            Ok(true)
        })
    },
};

/// What a form value escapes besides the space.
const FORM_ESCAPED: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'*');

const fn part(
    name: &'static str,
    syntax: &'static str,
    description: &'static str,
    example: (&'static str, &'static str),
    evaluate: fn(&Call<'_>) -> Result<ArrayRef>,
) -> Definition {
    Definition {
        reference: Reference {
            name,
            aliases: &[],
            group: Group::Url,
            syntax,
            result: "varchar",
            description,
            example,
            difference: EXAMPLE,
        },
        forms: &[&[Argument::Text]],
        returns: |_planned| Ok(DataType::Utf8View),
        strict: true,
        evaluate,
    }
}

fn extract(call: &Call<'_>, part: fn(&Url<'_>) -> Option<String>) -> Result<ArrayRef> {
    let urls = call.text(0)?;
    call.build_text(|row, out| {
        let Some(url) = urls.value(row).and_then(Url::parse) else { return Ok(false) };
        out.push_str(&part(&url).unwrap_or_default());
        Ok(true)
    })
}

fn evaluate_parameter(call: &Call<'_>) -> Result<ArrayRef> {
    let (urls, names) = (call.text(0)?, call.text(1)?);
    let mut decoded_name = String::new();
    call.build_text(|row, out| {
        let (Some(url), Some(name)) = (urls.value(row), names.value(row)) else { return Ok(false) };
        let Some(query) = Url::parse(url).and_then(|url| url.query) else { return Ok(false) };
        for parameter in query.split('&') {
            let (key, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            decoded_name.clear();
            form_decode_into(key, &mut decoded_name);
            if decoded_name == name {
                form_decode_into(value, out);
                return Ok(true);
            }
        }
        Ok(false)
    })
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

fn form_decode_into(text: &str, out: &mut String) {
    let spaced = text.replace('+', " ");
    out.push_str(&percent_decode_str(&spaced).decode_utf8_lossy());
}

/// Whether two hexadecimal digits follow every percent sign.
fn escapes_are_complete(text: &str) -> bool {
    text.split('%').skip(1).all(|after| {
        let digits = after.as_bytes().get(..2);
        digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    })
}

/// A URL in its parts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Url<'a> {
    scheme: Option<&'a str>,
    host: Option<&'a str>,
    port: Option<&'a str>,
    path: Option<&'a str>,
    query: Option<&'a str>,
    fragment: Option<&'a str>,
}

impl<'a> Url<'a> {
    /// Takes a URL apart; none for text with characters that no URL has.
    fn parse(text: &'a str) -> Option<Self> {
        if !escapes_are_complete(text) {
            return None;
        }
        let mut url = Self::default();
        let (rest, fragment) = split_at_mark(text, '#');
        url.fragment = fragment;
        let mut rest = rest;
        if let Some(colon) = rest.find([':', '/', '?'])
            && rest.get(colon..)?.starts_with(':')
        {
            let (scheme, after) = rest.split_at_checked(colon)?;
            url.scheme = Some(scheme).filter(|scheme| is_scheme(scheme));
            url.scheme?;
            rest = after.get(1..)?;
            if rest.is_empty() {
                return None;
            }
            if !rest.starts_with('/') {
                // `mailto:kim@example.com`: there are no parts in it.
                return rest.chars().all(|c| is_allowed(c, "[]?/")).then_some(url);
            }
        }
        let (before_query, query) = split_at_mark(rest, '?');
        url.query = query;
        let path = match before_query.strip_prefix("//") {
            Some(after) => {
                let end = after.find('/').unwrap_or(after.len());
                let (authority, path) = after.split_at_checked(end)?;
                if authority.is_empty() && path.is_empty() {
                    return None;
                }
                url.read_authority(authority)?;
                path
            }
            None => before_query,
        };
        url.path = Some(path);
        let valid = path.chars().all(|c| is_allowed(c, "/"))
            && [url.query, url.fragment]
                .iter()
                .flatten()
                .all(|part| part.chars().all(|c| is_allowed(c, "[]?/")));
        valid.then_some(url)
    }

    /// Reads `user@host:port`; what does not look like one leaves the host and the port out.
    fn read_authority(&mut self, authority: &'a str) -> Option<()> {
        if !authority.chars().all(|c| is_allowed(c, "[]")) {
            return None;
        }
        let host_port = authority.rsplit_once('@').map_or(authority, |(_user, host)| host);
        let (host, port) = match host_port.strip_prefix('[') {
            Some(bracketed) => {
                let end = bracketed.find(']')?;
                let (host, after) = host_port.split_at_checked(end + 2)?;
                (host, after)
            }
            None => {
                let end = host_port.find(':').unwrap_or(host_port.len());
                host_port.split_at_checked(end)?
            }
        };
        let digits = port.strip_prefix(':').unwrap_or(port);
        if digits.bytes().all(|byte| byte.is_ascii_digit()) {
            self.host = Some(host).filter(|host| !host.is_empty());
            self.port = Some(digits).filter(|digits| !digits.is_empty());
        }
        Some(())
    }
}

fn split_at_mark(text: &str, mark: char) -> (&str, Option<&str>) {
    match text.split_once(mark) {
        Some((before, after)) => (before, Some(after)),
        None => (text, None),
    }
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
}

/// Whether a URL may have this character: one that is never special, an escape, one beyond ASCII
/// that is neither blank nor control, or one of the extra ones.
fn is_allowed(c: char, extra: &str) -> bool {
    if c.is_ascii() {
        return c.is_ascii_alphanumeric() || "-_.!~*'();:@&=+$,%".contains(c) || extra.contains(c);
    }
    !c.is_whitespace() && !c.is_control()
}

#[cfg(test)]
mod tests {
    use super::Url;

    #[test]
    fn takes_urls_apart() {
        let check = |text: &str, parts: [Option<&str>; 6]| {
            let [scheme, host, port, path, query, fragment] = parts;
            assert_eq!(
                Url::parse(text),
                Some(Url { scheme, host, port, path, query, fragment }),
                "{text}"
            );
        };
        let some = Some;
        check(
            "http://example.com:80/p.php?k1=v1&k2=v2#Ref1",
            [
                some("http"),
                some("example.com"),
                some("80"),
                some("/p.php"),
                some("k1=v1&k2=v2"),
                some("Ref1"),
            ],
        );
        check(
            "https://username@example.com",
            [some("https"), some("example.com"), None, some(""), None, None],
        );
        check(
            "https:/auth/login.html",
            [some("https"), None, None, some("/auth/login.html"), None, None],
        );
        check("foo", [None, None, None, some("foo"), None, None]);
        check("", [None, None, None, some(""), None, None]);
        check("//cdn.example/x", [None, some("cdn.example"), None, some("/x"), None, None]);
        check("/a?b:c", [None, None, None, some("/a"), some("b:c"), None]);
        check("file:///etc/passwd", [some("file"), None, None, some("/etc/passwd"), None, None]);
        check(
            "http://[2001:db8::1]:8080/",
            [some("http"), some("[2001:db8::1]"), some("8080"), some("/"), None, None],
        );
        check(
            "http://a_b.example/",
            [some("http"), some("a_b.example"), None, some("/"), None, None],
        );
        check("http://a:b@h:/x", [some("http"), some("h"), None, some("/x"), None, None]);
        check("http://h:port/x", [some("http"), None, None, some("/x"), None, None]);
        check("mailto:kim@example.com", [some("mailto"), None, None, None, None, None]);
        check(
            "http://exämple.at/ü?ö",
            [some("http"), some("exämple.at"), None, some("/ü"), some("ö"), None],
        );
    }

    #[test]
    fn refuses_what_is_no_url() {
        for text in [
            "http://a b/",
            "http://a/%zz",
            "http://a/%2",
            "a|b",
            "http:",
            "1http://x",
            ":x",
            "http://",
            "a\u{a0}b",
            "http://[::1",
        ] {
            assert_eq!(Url::parse(text), None, "{text}");
        }
    }
}
