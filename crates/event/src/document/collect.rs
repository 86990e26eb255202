//! The scalars at many places of a document in one pass.
//!
//! The answer for each place is that of `json_extract_scalar`: of two members with one name the
//! first counts, and what stands behind a fault in the text is not there. The text is read as far
//! as the last place.

use super::extract::Scalar;
use super::path::Field;
use super::pointer::Pointer;
use super::scan::{Kind, Malformed, RawString, Scanner};
use super::text::means;

/// Keys are told apart by length first; longer ones share a bucket.
const LENGTHS: usize = 32;

/// No further child in a chain of keys.
const NONE: u16 = u16::MAX;

/// Most places that are looked for at once.
pub const PLACES_MAX: usize = 1_024;

/// What is at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Found<'a> {
    /// Nothing, as far as the document can be read.
    #[default]
    Nothing,
    /// A string.
    Text(RawString<'a>),
    /// A number in its source spelling, `true` or `false`.
    Plain(&'a str),
    /// Null, an object or an array: SQL sees no scalar.
    Other,
}

impl<'a> Found<'a> {
    /// The scalar, as SQL sees it.
    #[must_use]
    pub const fn scalar(self) -> Option<Scalar<'a>> {
        match self {
            Self::Text(string) => Some(Scalar::Text(string)),
            Self::Plain(text) => Some(Scalar::Plain(text)),
            Self::Nothing | Self::Other => None,
        }
    }
}

/// The places to look at, as a tree.
#[derive(Debug)]
pub struct Places {
    nodes: Vec<Node>,
    children: Vec<Child>,
    count: usize,
}

/// An object or array on the way.
#[derive(Debug)]
struct Node {
    /// First child by length of its key.
    by_length: [u16; LENGTHS],
    /// First child of all.
    first: u16,
    children: u16,
    /// The last element that a child means.
    last_index: Option<usize>,
}

/// A member or element of a node.
#[derive(Debug)]
struct Child {
    key: Box<str>,
    index: Option<usize>,
    /// The next child whose key has the same length.
    same_length: u16,
    /// The next child of the node.
    next: u16,
    /// Number of the place, when it is one.
    place: Option<u16>,
    /// The node, when places are below.
    node: Option<u16>,
}

/// Reads documents one after the other.
#[derive(Debug)]
pub struct Collector {
    places: Places,
    /// The last document in which each child was met: of equal keys the first one counts.
    met: Vec<u32>,
    document: u32,
}

impl Places {
    /// The places, numbered from 0 in this order, each once. Those beyond [`PLACES_MAX`] are left
    /// out.
    #[must_use]
    pub fn new<'p>(pointers: impl IntoIterator<Item = &'p Pointer>) -> Self {
        let mut places = Self { nodes: vec![Node::new()], children: Vec::new(), count: 0 };
        for pointer in pointers.into_iter().take(PLACES_MAX) {
            places.add(pointer);
        }
        places
    }

    /// How many places there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.count
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.count == 0
    }

    fn add(&mut self, pointer: &Pointer) {
        let mut last = None;
        for field in pointer.fields() {
            let node = last.map_or(0, |child| self.node_of(child));
            last = self.child_of(node, field);
            if last.is_none() {
                break;
            }
        }
        // At most PLACES_MAX.
        let place = self.count as u16;
        self.count += 1;
        if let Some(child) = last.and_then(|child| self.children.get_mut(child)) {
            child.place.get_or_insert(place);
        }
    }

    /// The child of a node with this key; made when there is none.
    fn child_of(&mut self, node: usize, field: Field) -> Option<usize> {
        if let Some(known) = self.find(node, &field.key) {
            return Some(known);
        }
        let number = u16::try_from(self.children.len()).ok().filter(|number| *number != NONE)?;
        let owner = self.nodes.get_mut(node)?;
        let bucket = owner.by_length.get_mut(field.key.len().min(LENGTHS - 1))?;
        let child = Child {
            same_length: std::mem::replace(bucket, number),
            next: std::mem::replace(&mut owner.first, number),
            key: field.key.into(),
            index: field.index,
            place: None,
            node: None,
        };
        owner.children += 1;
        owner.last_index = owner.last_index.max(field.index);
        self.children.push(child);
        Some(usize::from(number))
    }

    fn node_of(&mut self, child: usize) -> usize {
        let new = self.nodes.len();
        let Some(child) = self.children.get_mut(child) else { return 0 };
        // A node has a child, and their number is below u16::MAX.
        let node = usize::from(*child.node.get_or_insert(new as u16));
        if node == new {
            self.nodes.push(Node::new());
        }
        node
    }

    fn find(&self, node: usize, key: &str) -> Option<usize> {
        let mut child = *self.nodes.get(node)?.by_length.get(key.len().min(LENGTHS - 1))?;
        while let Some(candidate) = self.children.get(usize::from(child)) {
            if &*candidate.key == key {
                return Some(usize::from(child));
            }
            child = candidate.same_length;
        }
        None
    }
}

impl Node {
    const fn new() -> Self {
        Self { by_length: [NONE; LENGTHS], first: NONE, children: 0, last_index: None }
    }
}

/// What comes behind a value that is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Then {
    /// No place: the value is read as far as its own places.
    Nothing,
    /// Perhaps one: the scanner has to move behind the value.
    More,
}

impl Collector {
    /// A collector for these places.
    #[must_use]
    pub fn new(places: Places) -> Self {
        let met = vec![0; places.children.len()];
        Self { places, met, document: 0 }
    }

    /// The places it looks at.
    #[must_use]
    pub const fn places(&self) -> &Places {
        &self.places
    }

    /// Puts what is at each place of a document into `found`, which has as many entries as there
    /// are places.
    pub fn collect<'a>(&mut self, text: &'a str, found: &mut [Found<'a>]) {
        found.fill(Found::Nothing);
        self.document = self.document.wrapping_add(1);
        if self.document == 0 {
            self.met.fill(0);
            self.document = 1;
        }
        // What stands before a fault was found.
        let _ = self.enter(&mut Scanner::new(text), 0, Then::Nothing, found);
    }

    /// Reads the container at the scanner, which is the one of a node.
    fn enter<'a>(
        &mut self,
        scanner: &mut Scanner<'a>,
        node: usize,
        then: Then,
        found: &mut [Found<'a>],
    ) -> Result<(), Malformed> {
        match scanner.kind()? {
            Kind::Object => self.members(scanner, node, then, found),
            Kind::Array => self.elements(scanner, node, then, found),
            // A scalar where a container is needed.
            _ => scanner.skip_value(),
        }
    }

    fn members<'a>(
        &mut self,
        scanner: &mut Scanner<'a>,
        node: usize,
        then: Then,
        found: &mut [Found<'a>],
    ) -> Result<(), Malformed> {
        let mut left = self.places.nodes.get(node).map_or(0, |node| node.children);
        scanner.take(b'{');
        let mut first = true;
        while scanner.next_entry(first, b'}')? {
            first = false;
            if left == 0 {
                scanner.skip_member()?;
                continue;
            }
            let key = scanner.key()?;
            let child = self.member(node, key);
            match child.filter(|child| self.meet(*child)) {
                Some(child) => {
                    left -= 1;
                    let after = if left == 0 { then } else { Then::More };
                    self.value(scanner, child, after, found)?;
                    if after == Then::Nothing {
                        return Ok(());
                    }
                }
                None => scanner.skip_value()?,
            }
        }
        Ok(())
    }

    fn elements<'a>(
        &mut self,
        scanner: &mut Scanner<'a>,
        node: usize,
        then: Then,
        found: &mut [Found<'a>],
    ) -> Result<(), Malformed> {
        let last = self.places.nodes.get(node).and_then(|node| node.last_index);
        scanner.take(b'[');
        let mut index = 0;
        while scanner.next_entry(index == 0, b']')? {
            if then == Then::Nothing && last.is_none_or(|last| last < index) {
                return Ok(());
            }
            self.element(scanner, node, index, found)?;
            index += 1;
        }
        Ok(())
    }

    /// Reads one element; several children may mean it (`7` and `07`).
    fn element<'a>(
        &mut self,
        scanner: &mut Scanner<'a>,
        node: usize,
        index: usize,
        found: &mut [Found<'a>],
    ) -> Result<(), Malformed> {
        let start = *scanner;
        let mut read = None;
        let mut child = self.places.nodes.get(node).map_or(NONE, |node| node.first);
        while let Some(candidate) = self.places.children.get(usize::from(child)) {
            let next = candidate.next;
            if candidate.index == Some(index) {
                *scanner = start;
                // A fault ends the document after all that mean the element were looked for in it.
                let value = self.value(scanner, usize::from(child), Then::More, found);
                read = Some(read.unwrap_or(Ok(())).and(value));
            }
            child = next;
        }
        read.unwrap_or_else(|| scanner.skip_value())
    }

    /// The child that a key means.
    #[inline]
    fn member(&self, node: usize, key: RawString<'_>) -> Option<usize> {
        if key.escaped {
            return self.escaped_member(node, key);
        }
        self.places.find(node, key.body)
    }

    #[cold]
    fn escaped_member(&self, node: usize, key: RawString<'_>) -> Option<usize> {
        let mut child = self.places.nodes.get(node)?.first;
        while let Some(candidate) = self.places.children.get(usize::from(child)) {
            if means(key, &candidate.key) {
                return Some(usize::from(child));
            }
            child = candidate.next;
        }
        None
    }

    /// Whether a child is met for the first time in this document.
    #[inline]
    fn meet(&mut self, child: usize) -> bool {
        let document = self.document;
        self.met.get_mut(child).is_some_and(|met| std::mem::replace(met, document) != document)
    }

    fn value<'a>(
        &mut self,
        scanner: &mut Scanner<'a>,
        child: usize,
        then: Then,
        found: &mut [Found<'a>],
    ) -> Result<(), Malformed> {
        let Some(Child { place, node, .. }) = self.places.children.get(child) else {
            return scanner.skip_value();
        };
        let (place, node) = (*place, *node);
        let value = match scanner.kind()? {
            Kind::String => Found::Text(scanner.string()?),
            Kind::Number => Found::Plain(scanner.number()?),
            Kind::True => Found::Plain(scanner.word("true")?),
            Kind::False => Found::Plain(scanner.word("false")?),
            Kind::Null => {
                scanner.word("null")?;
                Found::Other
            }
            Kind::Object | Kind::Array => {
                set(found, place, Found::Other);
                return match node {
                    Some(node) => self.enter(scanner, usize::from(node), then, found),
                    None if then == Then::Nothing => Ok(()),
                    None => scanner.skip_value(),
                };
            }
        };
        set(found, place, value);
        Ok(())
    }
}

#[inline]
fn set<'a>(found: &mut [Found<'a>], place: Option<u16>, value: Found<'a>) {
    if let Some(slot) = place.and_then(|place| found.get_mut(usize::from(place))) {
        *slot = value;
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::super::extract::{find, scalar_at};
    use super::super::path::Path;
    use super::*;

    const KEYS: [&str; 8] =
        ["a", "b", "c", "0", "1", "01", "", "a longer key than most of them are"];

    /// Documents with equal keys, escapes and faults.
    fn document() -> impl Strategy<Value = String> {
        const LEAVES: [&str; 11] =
            ["1", "-0", "1e5", "\"x\"", "\"\\u0061\"", "true", "null", "{}", "[]", "01", "tru"];
        let leaf = prop::sample::select(&LEAVES[..]).prop_map(str::to_owned);
        let key = prop::sample::select(&KEYS[..]).prop_map(|key| match key {
            "c" => "\\u0063".to_owned(),
            key => key.to_owned(),
        });
        leaf.prop_recursive(4, 60, 5, move |inner| {
            let member = (key.clone(), inner.clone());
            let object = prop::collection::vec(member, 0..5).prop_map(|members| {
                let members: Vec<_> =
                    members.iter().map(|(key, value)| format!("\"{key}\": {value}")).collect();
                format!("{{{}}}", members.join(" , "))
            });
            let array = prop::collection::vec(inner, 0..4)
                .prop_map(|elements| format!("[{}]", elements.join(",")));
            prop_oneof![3 => object, 1 => array]
        })
    }

    /// What one pass finds has to be what each path finds.
    fn compare(documents: &[&str], pointers: &[Pointer]) {
        let mut collector = Collector::new(Places::new(pointers));
        let mut found = vec![Found::Nothing; pointers.len()];
        for document in documents {
            collector.collect(document, &mut found);
            for (pointer, found) in pointers.iter().zip(&found) {
                let path = Path::parse(&pointer.to_path()).unwrap();
                let at = find(document, &path).unwrap_or_default();
                let scalar = at.and_then(|at| scalar_at(document, at).unwrap_or_default());
                assert_eq!(found.scalar(), scalar, "{pointer} in {document}");
            }
        }
    }

    #[test]
    fn several_names_may_mean_an_element_with_a_fault() {
        let pointers = ["/01/b", "/1/a", "/1/b", "/001"].map(|text| Pointer::parse(text).unwrap());
        compare(&[r#"[1,{"b": 1 , "a": 01}]"#, r#"[1,{"a":2,"b":3}]"#, "[1,2]"], &pointers);
    }

    proptest! {
        /// What one pass finds is what each path finds alone.
        #[test]
        fn finds_what_each_path_finds(
            documents in prop::collection::vec(document(), 1..4),
            paths in prop::collection::btree_set(
                prop::collection::vec(prop::sample::select(&KEYS[..]), 1..4), 1..30),
        ) {
            let pointers: Vec<Pointer> = paths
                .iter()
                .map(|keys| Pointer::parse(&format!("/{}", keys.join("/"))).unwrap())
                .collect();
            let documents: Vec<&str> = documents.iter().map(String::as_str).collect();
            compare(&documents, &pointers);
        }
    }
}
