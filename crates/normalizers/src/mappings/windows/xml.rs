//! A reader of event XML: `<Event><System>…</System><EventData>…</EventData></Event>`.
//!
//! Data goes to the top of the tree under its own name, what the system says below `System`, the
//! rendered texts below `RenderingInfo`. Data without names are `param1`, `param2` and so on, as
//! other shippers call them.

use headwater_event::json::{NodeId, Scalar, Tree};

/// Deepest nesting that is followed; deeper elements are passed over.
const DEPTH_MAX: usize = 16;

/// Whether a text may be an event in XML.
pub(super) fn is_event(text: &str) -> bool {
    let start = text.trim_start_matches(['-', ' ', '\t', '\r', '\n', '\u{feff}']);
    start.starts_with("<Event ") || start.starts_with("<Event>")
}

/// An element that is open.
#[derive(Debug)]
struct Element<'t> {
    name: &'t str,
    attributes: Vec<(&'t str, String)>,
    text: String,
    has_children: bool,
}

/// Reads an event into `tree`. False when the text ends too early or is not XML: what could be
/// read is in the tree all the same.
pub(super) fn read(text: &str, tree: &mut Tree) -> bool {
    let mut writer = Writer { tree, unnamed: 0 };
    let mut open: Vec<Element<'_>> = Vec::new();
    let mut rest = text;
    while let Some((before, tag)) = rest.split_once('<') {
        if let Some(element) = open.last_mut() {
            unescape_into(before, &mut element.text);
        }
        if let Some(tail) = tag.strip_prefix("![CDATA[") {
            let Some((content, tail)) = tail.split_once("]]>") else { return false };
            if let Some(element) = open.last_mut() {
                element.text.push_str(content);
            }
            rest = tail;
            continue;
        }
        if let Some(tail) = tag.strip_prefix("!--") {
            let Some((_, tail)) = tail.split_once("-->") else { return false };
            rest = tail;
            continue;
        }
        let Some(end) = tag_end(tag) else { return false };
        let (inner, tail) = tag.split_at(end);
        rest = tail.get(1..).unwrap_or_default();
        if inner.starts_with(['?', '!']) {
            continue;
        }
        if let Some(name) = inner.strip_prefix('/') {
            let Some(element) = open.pop() else { return false };
            if element.name != name.trim() {
                return false;
            }
            writer.close(&open, &element);
            if open.is_empty() {
                return element.name == "Event";
            }
            continue;
        }
        if let Some(parent) = open.last_mut() {
            parent.has_children = true;
        }
        let element = element(inner.trim_end_matches('/'));
        if inner.ends_with('/') {
            writer.close(&open, &element);
        } else if open.len() < DEPTH_MAX {
            open.push(element);
        } else {
            return false;
        }
    }
    cut_off(&mut writer, &mut open, rest);
    false
}

/// The text ended inside an element: what there is of its data is worth having.
fn cut_off(writer: &mut Writer<'_>, open: &mut Vec<Element<'_>>, rest: &str) {
    if let Some(mut element) = open.pop().filter(|element| element.name == "Data") {
        unescape_into(rest, &mut element.text);
        writer.close(open, &element);
    }
}

/// Where a tag ends: at the first `>` outside of quotes.
fn tag_end(tag: &str) -> Option<usize> {
    let mut quote = None;
    tag.char_indices().find_map(|(place, character)| {
        match (quote, character) {
            (None, '>') => return Some(place),
            (None, '\'' | '"') => quote = Some(character),
            (Some(open), character) if open == character => quote = None,
            _ => {}
        }
        None
    })
}

fn element(inner: &str) -> Element<'_> {
    let (name, mut rest) = inner.split_once(char::is_whitespace).unwrap_or((inner, ""));
    let mut attributes = Vec::new();
    while let Some((key, tail)) = rest.split_once('=') {
        let tail = tail.trim_start();
        let Some(quote) = tail.chars().next().filter(|quote| matches!(quote, '\'' | '"')) else {
            break;
        };
        let Some((value, tail)) = tail.get(1..).and_then(|tail| tail.split_once(quote)) else {
            break;
        };
        let mut plain = String::new();
        unescape_into(value, &mut plain);
        attributes.push((key.trim(), plain));
        rest = tail;
    }
    Element { name, attributes, text: String::new(), has_children: false }
}

/// Writes elements that are complete.
struct Writer<'t> {
    tree: &'t mut Tree,
    /// Data without a name so far.
    unnamed: usize,
}

impl Writer<'_> {
    fn close(&mut self, above: &[Element<'_>], element: &Element<'_>) {
        let root = self.tree.root();
        match above {
            [_, part] if matches!(part.name, "System" | "RenderingInfo") => {
                let part = self.object(root, part.name);
                self.system(part, element);
            }
            [_, part, list] if part.name == "RenderingInfo" => {
                let part = self.object(root, part.name);
                self.text(part, list.name, &element.text);
            }
            [_, _, ..] => self.data(root, element),
            _ => {}
        }
    }

    /// `<Provider Name='…'/>` becomes an object, `<Level>4</Level>` a value.
    fn system(&mut self, part: NodeId, element: &Element<'_>) {
        let text = element.text.trim();
        if element.has_children {
            return;
        }
        if !text.is_empty() {
            self.text(part, element.name, text);
        }
        let attributes = || element.attributes.iter().filter(|(key, _)| !is_namespace(key));
        if attributes().next().is_some() {
            let name = if text.is_empty() {
                element.name.to_owned()
            } else {
                format!("{}_attributes", element.name)
            };
            let object = self.object(part, &name);
            for (key, value) in attributes() {
                self.text(object, key, value);
            }
        }
    }

    fn data(&mut self, root: NodeId, element: &Element<'_>) {
        let name = element.attributes.iter().find(|(key, _)| *key == "Name");
        match name {
            Some((_, name)) if matches!(element.name, "Data" | "ComplexData") => {
                self.text(root, name, &element.text);
            }
            _ if element.name == "Data" => {
                self.unnamed += 1;
                let name = format!("param{}", self.unnamed);
                self.text(root, &name, &element.text);
            }
            _ => {
                for (key, value) in element.attributes.iter().filter(|(key, _)| !is_namespace(key))
                {
                    self.text(root, key, value);
                }
                if !element.has_children {
                    self.text(root, element.name, &element.text);
                }
            }
        }
    }

    fn object(&mut self, parent: NodeId, name: &str) -> NodeId {
        match self.tree.get(parent, name) {
            Some(object) => object,
            None => self.tree.append(parent, name, Scalar::Object),
        }
    }

    fn text(&mut self, parent: NodeId, name: &str, text: &str) {
        if !text.is_empty() {
            self.tree.append(parent, name, text);
        }
    }
}

fn is_namespace(key: &str) -> bool {
    key == "xmlns" || key.starts_with("xmlns:")
}

/// Appends text with its character references resolved; one that is not known stays as it is.
fn unescape_into(text: &str, out: &mut String) {
    let mut rest = text;
    while let Some((before, tail)) = rest.split_once('&') {
        out.push_str(before);
        // Syslog daemons that cut messages at `;` leave a space in its place.
        let reference =
            tail.split_once([';', ' ']).and_then(|(name, tail)| Some((named(name)?, tail)));
        match reference {
            Some((character, tail)) => {
                out.push(character);
                rest = tail;
            }
            None => {
                out.push('&');
                rest = tail;
            }
        }
    }
    out.push_str(rest);
}

fn named(name: &str) -> Option<char> {
    Some(match name {
        "lt" => '<',
        "gt" => '>',
        "amp" => '&',
        "quot" => '"',
        "apos" => '\'',
        _ => {
            let digits = name.strip_prefix('#')?;
            let code = match digits.strip_prefix(['x', 'X']) {
                Some(digits) => u32::from_str_radix(digits, 16).ok()?,
                None => digits.parse().ok()?,
            };
            char::from_u32(code)?
        }
    })
}
