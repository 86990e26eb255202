//! What can be searched for in an event that no class fits, and when it happened if it is a line.
//!
//! Its fields are below `unmapped`, where the schema says nothing about them, so they tell by their
//! form what they are: addresses, URLs, e-mail addresses and hashes by their text, users and hosts
//! by their key. In longer texts only IP addresses are looked for. The name of such an observable
//! is `unmapped[source.ip]`: brackets are what the schema accepts after an attribute that may hold
//! anything. Keys that have brackets themselves leave only `unmapped`.

use headwater_event::ip::parse_address;
use headwater_event::json::{Kind, NodeId, Tree};
use headwater_event::{Timestamp, time};
use headwater_ocsf::{Catalogue, add_observables};

use crate::mapping::Source;

/// Most observables of one event; a longer list helps nobody to search.
const OBSERVABLES_MAX: usize = 64;

/// Longest text that is looked at: longer ones are content, not names.
const TEXT_BYTES_MAX: usize = 2_048;

/// Longest time at the beginning of a line.
const TIME_BYTES_MAX: usize = 40;

/// Texts that say that there is no name.
const NOBODY: [&str; 9] = ["-", "--", "?", "*", "n/a", "none", "null", "unknown", "(null)"];

// Numbers of the schema.
const HOST_NAME: i64 = 1;
const IP_ADDRESS: i64 = 2;
const MAC_ADDRESS: i64 = 3;
const USER_NAME: i64 = 4;
const EMAIL_ADDRESS: i64 = 5;
const URL: i64 = 6;
const HASH: i64 = 8;

/// Keys of users and hosts, without case, `_`, `-` and `.`. `name` counts as the key above it.
const NAMES: &[(&str, i64)] = &[
    ("user", USER_NAME),
    ("username", USER_NAME),
    ("account", USER_NAME),
    ("accountname", USER_NAME),
    ("login", USER_NAME),
    ("actor", USER_NAME),
    ("srcuser", USER_NAME),
    ("sourceuser", USER_NAME),
    ("dstuser", USER_NAME),
    ("targetuser", USER_NAME),
    ("targetusername", USER_NAME),
    ("subjectusername", USER_NAME),
    ("host", HOST_NAME),
    ("hostname", HOST_NAME),
    ("fqdn", HOST_NAME),
    ("computer", HOST_NAME),
    ("computername", HOST_NAME),
    ("devicename", HOST_NAME),
    ("machinename", HOST_NAME),
    ("workstation", HOST_NAME),
    ("workstationname", HOST_NAME),
    ("srchost", HOST_NAME),
    ("dsthost", HOST_NAME),
];

/// One value worth searching for.
#[derive(Debug, PartialEq, Eq)]
struct Observable {
    type_id: i64,
    name: String,
    value: String,
}

/// The time that a line of text begins with, and its text: `2024-05-01 10:00:00,123 WARN …`.
/// Records with more fields than the line tell their time elsewhere.
pub(crate) fn leading_time(source: &Source<'_>) -> Option<(Timestamp, String)> {
    let mut members = source.members(source.root());
    let (key, line) = members.next()?;
    if key != "message" || members.next().is_some() {
        return None;
    }
    let line = source.text_of(line)?;
    let line = line.trim_start_matches(['[', ' ']);
    let is_date = line.len() > 10 && line.bytes().take(4).all(|byte| byte.is_ascii_digit());
    if !is_date || !line.as_bytes().get(4).is_some_and(|byte| b"-/".contains(byte)) {
        return None;
    }
    let ends = line.char_indices().filter(|(_, letter)| " ,;|]\t".contains(*letter));
    let ends: Vec<usize> =
        ends.map(|(place, _)| place).take_while(|place| *place <= TIME_BYTES_MAX).collect();
    ends.into_iter().rev().find_map(|end| {
        let text = line.get(..end)?.trim_end();
        // A date alone is no time.
        let time = text.contains(':').then(|| time::parse(text, source.received_at()))?;
        Some((time?, text.to_owned()))
    })
}

/// Adds what can be searched for to the observables of a Base Event. Other events are left alone; a
/// second call changes nothing.
pub(crate) fn observe(catalogue: &Catalogue, event: &mut Tree) {
    let root = event.root();
    let is_base = event.get(root, "class_uid").and_then(|uid| event.as_i64(uid)) == Some(0);
    let Some(unmapped) = event.get(root, "unmapped").filter(|_| is_base) else { return };
    let mut search = Search { tree: event, path: Vec::new(), found: Vec::new() };
    search.members(unmapped);
    let found = search.found;
    let found = found.iter().map(|one| (one.type_id, one.name.as_str(), one.value.as_str()));
    add_observables(catalogue, event, root, found);
}

struct Search<'t> {
    tree: &'t Tree,
    /// Keys from `unmapped` to the current value; elements of arrays have their number.
    path: Vec<String>,
    found: Vec<Observable>,
}

impl Search<'_> {
    fn members(&mut self, container: NodeId) {
        let tree = self.tree;
        let is_array = tree.kind(container) == Kind::Array;
        for (place, child) in tree.children(container).enumerate() {
            let key = if is_array { place.to_string() } else { tree.key(child).into_owned() };
            self.path.push(key);
            if let (false, Some(key)) = (is_array, self.path.last())
                && let Some((type_id, value)) = by_form(key).filter(|(one, _)| *one != HASH)
            {
                self.add(type_id, value);
            }
            match tree.kind(child) {
                Kind::Object | Kind::Array => self.members(child),
                Kind::String => self.text(child),
                _ => {}
            }
            self.path.pop();
        }
    }

    fn text(&mut self, node: NodeId) {
        let Some(text) = self.tree.as_str(node) else { return };
        let text = text.trim();
        if text.is_empty() || text.len() > TEXT_BYTES_MAX {
            return;
        }
        // Versions look like addresses.
        if self.path.last().is_some_and(|key| key.to_ascii_lowercase().contains("version")) {
            return;
        }
        let is_name = !NOBODY.iter().any(|nobody| text.eq_ignore_ascii_case(nobody));
        let by_key = || Some((self.by_key().filter(|_| is_name)?, text.to_owned()));
        match by_form(text).or_else(by_key) {
            Some((type_id, value)) => self.add(type_id, value),
            None => addresses(text).for_each(|value| self.add(IP_ADDRESS, value)),
        }
    }

    /// What the key of the current value says that it is.
    fn by_key(&self) -> Option<i64> {
        let is_name = |key: &&String| key.parse::<usize>().is_err();
        let mut keys = self.path.iter().rev().filter(is_name).map(|key| {
            let letters = key.chars().filter(|letter| !['_', '-', '.'].contains(letter));
            letters.map(|letter| letter.to_ascii_lowercase()).collect::<String>()
        });
        let mut key = keys.next()?;
        if key == "name" {
            key = keys.next()?;
        }
        NAMES.iter().find(|(name, _)| *name == key).map(|(_, type_id)| *type_id)
    }

    fn add(&mut self, type_id: i64, value: String) {
        if self.found.len() >= OBSERVABLES_MAX {
            return;
        }
        let path = self.path.join(".");
        let name = match path.contains(['[', ']']) {
            true => "unmapped".to_owned(),
            false => format!("unmapped[{path}]"),
        };
        let one = Observable { type_id, name, value };
        if !self.found.contains(&one) {
            self.found.push(one);
        }
    }
}

/// IP addresses among the words of a text. `Chrome/120.0.0.0` is one word and no address.
fn addresses(text: &str) -> impl Iterator<Item = String> + '_ {
    let is_between = |letter: char| letter.is_whitespace() || "\"'()<>{}=,;|".contains(letter);
    text.split(is_between).filter_map(|word| {
        let word = word.trim_matches(['.', ':', '/']);
        // `[2001:db8::1]:443` and `[192.0.2.1]`.
        address(word).or_else(|| address(word.trim_matches(['[', ']'])))
    })
}

/// An address that is somebody's.
fn address(text: &str) -> Option<String> {
    parse_address(text).filter(|address| !address.is_unspecified()).map(|one| one.to_string())
}

/// What a text is by its form, and its value.
fn by_form(text: &str) -> Option<(i64, String)> {
    if is_mac(text) {
        return Some((MAC_ADDRESS, text.to_owned()));
    }
    if let Some(address) = address(text) {
        return Some((IP_ADDRESS, address));
    }
    let type_id = if is_url(text) {
        URL
    } else if is_email(text) {
        EMAIL_ADDRESS
    } else if is_hash(text) {
        HASH
    } else {
        return None;
    };
    Some((type_id, text.to_owned()))
}

fn is_mac(text: &str) -> bool {
    let is_pair = |pair: &str| pair.len() == 2 && pair.bytes().all(|one| one.is_ascii_hexdigit());
    [':', '-']
        .iter()
        .any(|separator| text.split(*separator).count() == 6 && text.split(*separator).all(is_pair))
}

fn is_url(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once("://") else { return false };
    let is_scheme = !scheme.is_empty() && scheme.bytes().all(|one| one.is_ascii_alphanumeric());
    is_scheme && !rest.is_empty() && !text.contains(char::is_whitespace)
}

fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else { return false };
    let is_local = |one: u8| one.is_ascii_alphanumeric() || b"._%+-'".contains(&one);
    let is_domain = |one: u8| one.is_ascii_alphanumeric() || b".-".contains(&one);
    let mut labels = domain.split('.');
    !local.is_empty()
        && local.bytes().all(is_local)
        && domain.bytes().all(is_domain)
        && domain.contains('.')
        && labels.all(|label| !label.is_empty())
}

/// MD5, SHA-1 or SHA-256 in hexadecimal. Of digits or letters alone it is another number or a word.
fn is_hash(text: &str) -> bool {
    [32, 40, 64].contains(&text.len())
        && text.bytes().all(|one| one.is_ascii_hexdigit())
        && text.bytes().any(|one| one.is_ascii_digit())
        && text.bytes().any(|one| one.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use headwater_event::json::{ParseLimits, Tree};
    use headwater_ocsf::{Validator, Version};

    use super::{OBSERVABLES_MAX, observe};

    /// Type and name and value of what is found in a Base Event with these unmapped fields.
    fn found(class_uid: i64, unmapped: &str) -> Vec<(i64, String, String)> {
        let catalogue = Version::NATIVE.catalogue();
        let mut tree = Tree::new(Arc::clone(catalogue.vocabulary()));
        let event = format!(r#"{{"class_uid":{class_uid},"unmapped":{unmapped}}}"#);
        tree.parse(event.as_bytes(), ParseLimits::default()).unwrap();
        observe(catalogue, &mut tree);
        let once = tree.to_json(tree.root());
        observe(catalogue, &mut tree);
        assert_eq!(tree.to_json(tree.root()), once, "a second call changes nothing");
        let mut validator = Validator::new(catalogue);
        let issues = validator.validate(&tree, tree.root());
        assert!(issues.iter().all(|issue| !issue.path.starts_with("observables")), "{issues:?}");
        let Some(list) = tree.lookup("observables") else { return Vec::new() };
        let text = |one, key: &str| tree.owned_text(tree.get(one, key).unwrap()).unwrap();
        let read = |one| {
            let type_id = tree.as_i64(tree.get(one, "type_id").unwrap()).unwrap();
            (type_id, text(one, "name"), text(one, "value"))
        };
        tree.children(list).map(read).collect()
    }

    fn check(unmapped: &str, expected: &[(i64, &str, &str)]) {
        let found = found(0, unmapped);
        let found: Vec<(i64, &str, &str)> =
            found.iter().map(|(id, name, value)| (*id, name.as_str(), value.as_str())).collect();
        assert_eq!(found, expected, "{unmapped}");
    }

    #[test]
    fn values_tell_by_their_form_what_they_are() {
        check(
            r#"{"from":"192.0.2.7","to":{"id.resp_h":"[2001:DB8::1]:443"},"by":["a","198.51.100.1"],
            "card":"00:1b:63:84:45:e6","link":"https://example.com/a?b","mail":"ann@example.com",
            "sum":"9e107d9d372bb6826bd81d3542a419d6"}"#,
            &[
                (2, "unmapped[from]", "192.0.2.7"),
                (2, "unmapped[to.id.resp_h]", "2001:db8::1"),
                (2, "unmapped[by.1]", "198.51.100.1"),
                (3, "unmapped[card]", "00:1b:63:84:45:e6"),
                (6, "unmapped[link]", "https://example.com/a?b"),
                (5, "unmapped[mail]", "ann@example.com"),
                (8, "unmapped[sum]", "9e107d9d372bb6826bd81d3542a419d6"),
            ],
        );
    }

    #[test]
    fn users_and_hosts_tell_by_their_key() {
        check(
            r#"{"User_Name":"ann","user":{"name":"bob","id":"7"},"hostname":"web-1",
            "actor":["carl"],"name":"nobody","host":"192.0.2.1"}"#,
            &[
                (4, "unmapped[User_Name]", "ann"),
                (4, "unmapped[user.name]", "bob"),
                (1, "unmapped[hostname]", "web-1"),
                (4, "unmapped[actor.0]", "carl"),
                (2, "unmapped[host]", "192.0.2.1"),
            ],
        );
    }

    #[test]
    fn keys_may_be_addresses() {
        check(r#"{"hits":{"192.0.2.9":3}}"#, &[(2, "unmapped[hits.192.0.2.9]", "192.0.2.9")]);
        check(r#"{"a[0]":"192.0.2.9"}"#, &[(2, "unmapped", "192.0.2.9")]);
    }

    #[test]
    fn addresses_are_found_among_the_words_of_a_text() {
        check(
            r#"{"message":"login of bob from [192.0.2.1, 198.51.100.2] to 203.0.113.9:22. ip=2001:db8::1;"}"#,
            &[
                (2, "unmapped[message]", "192.0.2.1"),
                (2, "unmapped[message]", "198.51.100.2"),
                (2, "unmapped[message]", "203.0.113.9"),
                (2, "unmapped[message]", "2001:db8::1"),
            ],
        );
    }

    #[test]
    fn what_only_looks_alike_is_passed_over() {
        let texts = ["1.2", "10.0.0.0/8", "a@b", "@", "://x", "12:30:45", "7", "v 1.2.3.4.5", "::"];
        for text in texts {
            check(&format!(r#"{{"text":"{text}"}}"#), &[]);
        }
        check(r#"{"user":"--","version":"1.2.3.4","agent":"Chrome/120.0.0.0 Safari"}"#, &[]);
        let (digits, letters) = ("1".repeat(32), "abcdefab".repeat(4));
        check(&format!(r#"{{"number":"{digits}","word":"{letters}"}}"#), &[]);
    }

    #[test]
    fn there_is_a_most_and_other_classes_are_left_alone() {
        let members: Vec<String> =
            (0..100).map(|number| format!(r#""k{number}":"192.0.2.{number}""#)).collect();
        let unmapped = format!("{{{}}}", members.join(","));
        assert_eq!(found(0, &unmapped).len(), OBSERVABLES_MAX);
        assert!(found(4001, &unmapped).is_empty());
    }
}
