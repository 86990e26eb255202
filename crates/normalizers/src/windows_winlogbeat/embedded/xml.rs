//! The XML of scheduled tasks: elements, attributes and text. No document type, so that no entity
//! can grow; anything else that is not understood makes the text no document.

use std::borrow::Cow;

use headwater_event::json::{Kind, NodeId, Scalar, Tree};

/// Deeper texts are no scheduled tasks.
const DEPTH_MAX: usize = 32;

/// An element. Its name is in its parent.
#[derive(Debug, Default)]
pub(super) struct Element {
    attributes: Vec<(String, String)>,
    children: Vec<(String, Element)>,
    text: String,
}

impl Element {
    /// Writes attributes (`@name`) and children as members of an object, names in lower case.
    /// Children of one name become an array.
    pub(super) fn write_into(&self, json: &mut Tree, object: NodeId) {
        for (name, value) in &self.attributes {
            json.append(object, &format!("@{name}"), value.as_str());
        }
        for (name, child) in &self.children {
            let there = json.get(object, name);
            if let Some(id) = there.filter(|id| json.kind(*id) != Kind::Array) {
                json.wrap(id);
            }
            child.write_value(json, object, there, name);
        }
        let text = self.text.trim();
        if !text.is_empty() {
            json.append(object, "#text", text);
        }
    }

    /// Text where there is only that, else an object.
    fn write_value(&self, json: &mut Tree, object: NodeId, array: Option<NodeId>, name: &str) {
        let is_text = self.attributes.is_empty() && self.children.is_empty();
        let value = if is_text { Scalar::String(self.text.trim()) } else { Scalar::Object };
        let id = match array {
            Some(array) => json.push(array, value),
            None => json.append(object, name, value),
        };
        if !is_text {
            self.write_into(json, id);
        }
    }
}

/// The outermost element of a document; `None` when the text is none.
pub(super) fn parse(text: &str) -> Option<Element> {
    let mut reader = Reader { rest: text.trim_start_matches('\u{feff}').trim() };
    reader.skip_unread()?;
    let (_, element) = reader.element(0)?;
    reader.skip_unread()?;
    reader.rest.is_empty().then_some(element)
}

struct Reader<'a> {
    rest: &'a str,
}

impl<'a> Reader<'a> {
    /// Passes over blanks, the declaration and comments.
    fn skip_unread(&mut self) -> Option<()> {
        loop {
            self.rest = self.rest.trim_start();
            let end = match self.rest {
                rest if rest.starts_with("<?") => "?>",
                rest if rest.starts_with("<!--") => "-->",
                _ => return Some(()),
            };
            self.until(end)?;
        }
    }

    fn until(&mut self, end: &str) -> Option<&'a str> {
        let (before, after) = self.rest.split_once(end)?;
        self.rest = after;
        Some(before)
    }

    fn element(&mut self, depth: usize) -> Option<(String, Element)> {
        if depth > DEPTH_MAX {
            return None;
        }
        self.rest = self.rest.strip_prefix('<')?;
        let name = self.name()?;
        let mut element = Element::default();
        loop {
            self.rest = self.rest.trim_start();
            if let Some(after) = self.rest.strip_prefix("/>") {
                self.rest = after;
                return Some((name, element));
            }
            if let Some(after) = self.rest.strip_prefix('>') {
                self.rest = after;
                break;
            }
            element.attributes.extend(self.attribute()?);
        }
        self.content(&mut element, depth)?;
        self.rest = self.rest.strip_prefix("</")?;
        let closed = self.name()?;
        self.rest = self.rest.trim_start().strip_prefix('>')?;
        (closed == name).then_some((name, element))
    }

    /// Children and text up to the closing tag.
    fn content(&mut self, element: &mut Element, depth: usize) -> Option<()> {
        loop {
            let (text, tag) = self.rest.split_at(self.rest.find('<')?);
            element.text.push_str(&plain(text)?);
            self.rest = tag;
            if tag.starts_with("</") {
                return Some(());
            }
            if tag.starts_with("<!--") {
                self.until("-->")?;
            } else if let Some(after) = tag.strip_prefix("<![CDATA[") {
                self.rest = after;
                element.text.push_str(self.until("]]>")?);
            } else {
                element.children.push(self.element(depth + 1)?);
            }
        }
    }

    /// An attribute; `Some(None)` for the declaration of a namespace.
    #[expect(clippy::option_option, reason = "not readable, or readable and without meaning")]
    fn attribute(&mut self) -> Option<Option<(String, String)>> {
        let name = self.name()?;
        self.rest = self.rest.trim_start().strip_prefix('=')?.trim_start();
        let quote = if self.rest.starts_with('"') { "\"" } else { "'" };
        self.rest = self.rest.strip_prefix(quote)?;
        let value = plain(self.until(quote)?)?.into_owned();
        Some((!name.starts_with("xmlns")).then_some((name, value)))
    }

    fn name(&mut self) -> Option<String> {
        let is_end = |letter: char| letter.is_whitespace() || "<>/=\"'&!".contains(letter);
        let (name, rest) = self.rest.split_at(self.rest.find(is_end)?);
        self.rest = rest;
        (!name.is_empty()).then(|| name.to_lowercase())
    }
}

/// The text without entities; `None` when it has an unknown one.
fn plain(text: &str) -> Option<Cow<'_, str>> {
    if !text.contains('&') {
        return Some(Cow::Borrowed(text));
    }
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        plain.push_str(before);
        let (entity, after) = after.split_once(';')?;
        plain.push(character_of(entity)?);
        rest = after;
    }
    plain.push_str(rest);
    Some(Cow::Owned(plain))
}

fn character_of(entity: &str) -> Option<char> {
    match entity {
        "lt" => Some('<'),
        "gt" => Some('>'),
        "amp" => Some('&'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => {
            let number = entity.strip_prefix('#')?;
            let code = match number.strip_prefix('x') {
                Some(digits) => u32::from_str_radix(digits, 16),
                None => number.parse(),
            };
            char::from_u32(code.ok()?)
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use std::sync::Arc;

    use headwater_event::json::Tree;

    use super::parse;

    fn check(text: &str, expected: Option<&str>) {
        let json = parse(text).map(|element| {
            let mut tree = Tree::new(Arc::default());
            let root = tree.root();
            element.write_into(&mut tree, root);
            tree.to_json(root)
        });
        assert_eq!(json.as_deref(), expected, "{text}");
    }

    #[test]
    fn elements_become_members() {
        check(
            "\u{feff}<?xml version=\"1.0\" encoding=\"UTF-16\"?>\r\n<Task version=\"1.2\" xmlns='http://x'>
              <Actions Context=\"Author\"><Exec><Command>cmd</Command><Arguments>/c &quot;a &amp; b&#33;&#x41;&quot;</Arguments></Exec></Actions>
              <Triggers/><!-- < --><Hidden>true</Hidden></Task>",
            Some(
                r#"{"@version":"1.2","actions":{"@context":"Author","exec":{"command":"cmd","arguments":"/c \"a & b!A\""}},"triggers":"","hidden":"true"}"#,
            ),
        );
    }

    #[test]
    fn elements_of_one_name_become_a_list() {
        check(
            "<a><b>1</b><b>2</b><c x='1'>t</c><b/></a>",
            Some(r##"{"b":["1","2",""],"c":{"@x":"1","#text":"t"}}"##),
        );
        check("<a>x<![CDATA[<y>]]>z</a>", Some(r##"{"#text":"x<y>z"}"##));
    }

    #[test]
    fn what_is_not_understood_is_no_document() {
        let deep = format!("{}{}", "<a>".repeat(100), "</a>".repeat(100));
        for text in [
            "",
            "text",
            "<a>",
            "<a></b>",
            "<a><b></a></b>",
            "<a/><b/>",
            "<a x></a>",
            "<a x='1></a>",
            "<a>&bomb;</a>",
            "<a>&#x110000;</a>",
            "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>",
            "<>",
            "< a/>",
            &deep,
        ] {
            check(text, None);
        }
    }
}
