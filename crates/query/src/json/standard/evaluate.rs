//! Running a compiled standard path on JSON text.
//!
//! A path gives a sequence of items, or fails as a whole. In lax mode arrays are unwrapped where an
//! accessor wants their elements, other values count as arrays of one where it wants an array, and
//! what is missing is left out; in strict mode all three fail.

use std::borrow::Cow;

use super::item::{Item, Quantity};
use super::parse::{Accessor, Arithmetic, Method, Node, StandardPath};
use super::predicate::holds;
use headwater_event::document::extract::{descendants, each_child, enter_member};
use headwater_event::document::path::Field;
use headwater_event::document::scan::{Malformed, Scanner};
use headwater_event::document::text::unescape_into;

/// The path cannot be evaluated on this document: it is not JSON, a strict path does not fit it, or
/// a computation fails. The SQL functions answer it as their `ON ERROR` default says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PathFailure;

impl From<Malformed> for PathFailure {
    fn from(_malformed: Malformed) -> Self {
        Self
    }
}

/// Runs a path on a document.
///
/// # Errors
/// [`PathFailure`] says only that there is no answer.
pub(crate) fn evaluate<'a>(
    path: &'a StandardPath,
    text: &'a str,
) -> Result<Vec<Item<'a>>, PathFailure> {
    let root = Item::read(&mut Scanner::new(text))?;
    let mut run = Run { strict: path.strict, root, objects: 0 };
    run.node(&path.root, Scope::default())
}

/// What `@` and `last` mean at one place of the path.
#[derive(Clone, Copy, Default)]
pub(super) struct Scope<'s, 'a> {
    pub(super) current: Option<&'s Item<'a>>,
    last: Option<i64>,
}

/// One evaluation of one path.
pub(super) struct Run<'a> {
    pub(super) strict: bool,
    root: Item<'a>,
    /// Objects numbered by `keyvalue()` so far.
    objects: i64,
}

impl<'a> Run<'a> {
    pub(super) fn node(
        &mut self,
        node: &'a Node,
        scope: Scope<'_, 'a>,
    ) -> Result<Vec<Item<'a>>, PathFailure> {
        let item = match node {
            Node::Context => self.root.clone(),
            Node::Current => scope.current.cloned().ok_or(PathFailure)?,
            Node::Last => {
                let last = scope.last.ok_or(PathFailure)?;
                Item::Number(Cow::Owned(last.to_string()))
            }
            Node::Number(number) => Item::Number(Cow::Borrowed(number)),
            Node::Text(text) => Item::Text(Cow::Borrowed(text)),
            Node::Bool(value) => Item::Bool(*value),
            Node::Null => Item::Null,
            Node::Signed(negative, operand) => return self.signed(*negative, operand, scope),
            Node::Binary(operator, left, right) => {
                let left = self.quantity(left, scope)?;
                let right = self.quantity(right, scope)?;
                compute(*operator, left, right)?
            }
            Node::Access(base, accessor) => {
                let base = self.node(base, scope)?;
                return self.access(base, accessor, scope);
            }
        };
        Ok(vec![item])
    }

    fn signed(
        &mut self,
        negative: bool,
        operand: &'a Node,
        scope: Scope<'_, 'a>,
    ) -> Result<Vec<Item<'a>>, PathFailure> {
        let items = self.node(operand, scope)?;
        let items = self.unwrapped(items)?;
        items
            .into_iter()
            .map(|item| match item {
                Item::Number(text) if negative => Ok(Item::Number(negated(&text))),
                Item::Number(text) => Ok(Item::Number(text)),
                _ => Err(PathFailure),
            })
            .collect()
    }

    /// The one number that a node evaluates to.
    fn quantity(&mut self, node: &'a Node, scope: Scope<'_, 'a>) -> Result<Quantity, PathFailure> {
        let items = self.node(node, scope)?;
        match self.unwrapped(items)?.as_slice() {
            [Item::Number(text)] => Quantity::parse(text).ok_or(PathFailure),
            _ => Err(PathFailure),
        }
    }

    /// In lax mode, arrays replaced by their elements (one level).
    pub(super) fn unwrapped(&self, items: Vec<Item<'a>>) -> Result<Vec<Item<'a>>, PathFailure> {
        if self.strict || !items.iter().any(Item::is_array) {
            return Ok(items);
        }
        let mut unwrapped = Vec::with_capacity(items.len());
        for item in items {
            match item {
                Item::Container(text) if text.starts_with('[') => {
                    push_children(text, &mut unwrapped)?
                }
                other => unwrapped.push(other),
            }
        }
        Ok(unwrapped)
    }

    fn access(
        &mut self,
        base: Vec<Item<'a>>,
        accessor: &'a Accessor,
        scope: Scope<'_, 'a>,
    ) -> Result<Vec<Item<'a>>, PathFailure> {
        let mut found = Vec::new();
        match accessor {
            Accessor::Member(key) => {
                for item in self.unwrapped(base)? {
                    self.member(&item, key, &mut found)?;
                }
            }
            Accessor::EveryMember => {
                for item in self.unwrapped(base)? {
                    self.every_member(item, &mut found)?;
                }
            }
            Accessor::Descendants(key) => {
                let field = Field { key: key.clone(), index: None };
                for item in base {
                    if let Item::Container(text) = item {
                        for at in descendants(&mut Scanner::new(text), Some(&field))? {
                            found.push(Item::read(&mut Scanner::starting_at(text, at))?);
                        }
                    }
                }
            }
            Accessor::EveryElement => {
                for item in base {
                    found.append(&mut self.elements(item)?);
                }
            }
            Accessor::Elements(subscripts) => {
                for item in base {
                    let elements = self.elements(item)?;
                    self.pick(&elements, subscripts, scope, &mut found)?;
                }
            }
            Accessor::Filter(predicate) => {
                for item in self.unwrapped(base)? {
                    let inside = Scope { current: Some(&item), ..scope };
                    if holds(self, predicate, inside) == Some(true) {
                        found.push(item);
                    }
                }
            }
            Accessor::Method(method) => return self.method(*method, base),
        }
        Ok(found)
    }

    fn member(
        &self,
        item: &Item<'a>,
        key: &str,
        found: &mut Vec<Item<'a>>,
    ) -> Result<(), PathFailure> {
        match item {
            Item::Container(text) if text.starts_with('{') => {
                let mut scanner = Scanner::new(text);
                if enter_member(&mut scanner, key)? {
                    found.push(Item::read(&mut scanner)?);
                } else if self.strict {
                    return Err(PathFailure);
                }
            }
            Item::Member { name, value, object } => match key {
                "name" => found.push(Item::Text(name.clone())),
                "value" => found.push(Item::read(&mut Scanner::new(value))?),
                "id" => found.push(Item::Number(Cow::Owned(object.to_string()))),
                _ if self.strict => return Err(PathFailure),
                _ => {}
            },
            _ if self.strict => return Err(PathFailure),
            _ => {}
        }
        Ok(())
    }

    fn every_member(&self, item: Item<'a>, found: &mut Vec<Item<'a>>) -> Result<(), PathFailure> {
        match item {
            Item::Container(text) if text.starts_with('{') => push_children(text, found),
            Item::Member { name, value, object } => {
                found.push(Item::Text(name));
                found.push(Item::read(&mut Scanner::new(value))?);
                found.push(Item::Number(Cow::Owned(object.to_string())));
                Ok(())
            }
            _ if self.strict => Err(PathFailure),
            _ => Ok(()),
        }
    }

    /// The elements of an array; in lax mode anything else is an array of itself.
    fn elements(&self, item: Item<'a>) -> Result<Vec<Item<'a>>, PathFailure> {
        match item {
            Item::Container(text) if text.starts_with('[') => {
                let mut elements = Vec::new();
                push_children(text, &mut elements)?;
                Ok(elements)
            }
            _ if self.strict => Err(PathFailure),
            other => Ok(vec![other]),
        }
    }

    fn pick(
        &mut self,
        elements: &[Item<'a>],
        subscripts: &'a [(Node, Option<Node>)],
        scope: Scope<'_, 'a>,
        found: &mut Vec<Item<'a>>,
    ) -> Result<(), PathFailure> {
        if elements.is_empty() {
            return if self.strict { Err(PathFailure) } else { Ok(()) };
        }
        let last = i64::try_from(elements.len()).map_err(|_huge| PathFailure)? - 1;
        let inside = Scope { last: Some(last), ..scope };
        for (from, to) in subscripts {
            let from = self.index(from, inside)?;
            let to = match to {
                Some(to) => self.index(to, inside)?,
                None => from,
            };
            let fits = (0..=last).contains(&from) && (from..=last).contains(&to);
            if self.strict && !fits {
                return Err(PathFailure);
            }
            // Both bounds are within the elements: clamped to 0..=last.
            for index in from.max(0)..=to.min(last) {
                let element = usize::try_from(index).ok().and_then(|index| elements.get(index));
                found.extend(element.cloned());
            }
        }
        Ok(())
    }

    fn index(&mut self, node: &'a Node, scope: Scope<'_, 'a>) -> Result<i64, PathFailure> {
        let items = self.node(node, scope)?;
        let [Item::Number(text)] = items.as_slice() else { return Err(PathFailure) };
        match Quantity::parse(text).ok_or(PathFailure)? {
            Quantity::Integer(index) => Ok(index),
            // A computed or literal fraction rounds as a cast to bigint does.
            Quantity::Double(double) => {
                let rounded = double.round();
                let fits = (-9.0e15..9.0e15).contains(&rounded);
                // Within 2^53, so that the cast is exact.
                if fits { Ok(rounded as i64) } else { Err(PathFailure) }
            }
        }
    }

    fn method(
        &mut self,
        method: Method,
        base: Vec<Item<'a>>,
    ) -> Result<Vec<Item<'a>>, PathFailure> {
        let mut found = Vec::with_capacity(base.len());
        match method {
            Method::Type => {
                let names = base.iter().map(|item| Item::Text(Cow::Borrowed(item.type_name())));
                found.extend(names);
            }
            Method::Size => {
                for item in base {
                    let size = self.elements(item)?.len();
                    found.push(Item::Number(Cow::Owned(size.to_string())));
                }
            }
            Method::KeyValue => {
                for item in self.unwrapped(base)? {
                    self.key_values(item, &mut found)?;
                }
            }
            Method::Double | Method::Ceiling | Method::Floor | Method::Abs => {
                for item in self.unwrapped(base)? {
                    found.push(convert(method, &item)?);
                }
            }
        }
        Ok(found)
    }

    fn key_values(&mut self, item: Item<'a>, found: &mut Vec<Item<'a>>) -> Result<(), PathFailure> {
        let Item::Container(text) = item else { return Err(PathFailure) };
        if !text.starts_with('{') {
            return Err(PathFailure);
        }
        let mut scanner = Scanner::new(text);
        scanner.take(b'{');
        let mut first = true;
        while scanner.next_entry(first, b'}')? {
            first = false;
            let key = scanner.key()?;
            let name = if key.escaped {
                let mut meaning = String::new();
                unescape_into(key, &mut meaning);
                Cow::Owned(meaning)
            } else {
                Cow::Borrowed(key.body)
            };
            scanner.kind()?;
            let start = scanner.position();
            scanner.skip_value()?;
            let value = scanner.since(start);
            found.push(Item::Member { name, value, object: self.objects });
        }
        self.objects += 1;
        Ok(())
    }
}

/// Appends the values of the members or elements of a container.
fn push_children<'a>(text: &'a str, items: &mut Vec<Item<'a>>) -> Result<(), PathFailure> {
    let mut starts = Vec::new();
    each_child(&mut Scanner::new(text), |at| starts.push(at))?;
    for at in starts {
        items.push(Item::read(&mut Scanner::starting_at(text, at))?);
    }
    Ok(())
}

fn negated<'a>(text: &str) -> Cow<'a, str> {
    Cow::Owned(match text.strip_prefix('-') {
        Some(positive) => positive.to_owned(),
        None => format!("-{text}"),
    })
}

/// Computes as SQL does: integers stay integers and must not overflow, division by zero fails.
fn compute<'a>(
    operator: Arithmetic,
    left: Quantity,
    right: Quantity,
) -> Result<Item<'a>, PathFailure> {
    let result = if let (Quantity::Integer(left), Quantity::Integer(right)) = (left, right) {
        let result = match operator {
            Arithmetic::Add => left.checked_add(right),
            Arithmetic::Subtract => left.checked_sub(right),
            Arithmetic::Multiply => left.checked_mul(right),
            Arithmetic::Divide => left.checked_div(right),
            Arithmetic::Remainder => left.checked_rem(right),
        };
        result.map(Quantity::Integer)
    } else {
        let (left, right) = (left.to_double(), right.to_double());
        Some(Quantity::Double(match operator {
            Arithmetic::Add => left + right,
            Arithmetic::Subtract => left - right,
            Arithmetic::Multiply => left * right,
            Arithmetic::Divide => left / right,
            Arithmetic::Remainder => left % right,
        }))
    };
    result.and_then(Quantity::to_item).ok_or(PathFailure)
}

/// Applies a method that works on one number.
fn convert<'a>(method: Method, item: &Item<'a>) -> Result<Item<'a>, PathFailure> {
    let text = match item {
        Item::Number(text) => text,
        Item::Text(text) if method == Method::Double => text,
        _ => return Err(PathFailure),
    };
    if method == Method::Abs {
        return Ok(Item::Number(Cow::Owned(text.trim_start_matches('-').to_owned())));
    }
    let quantity = Quantity::parse(text.trim()).ok_or(PathFailure)?;
    let converted = match (method, quantity) {
        (Method::Double, quantity) => Quantity::Double(quantity.to_double()),
        (_, Quantity::Integer(integer)) => Quantity::Integer(integer),
        (Method::Ceiling, Quantity::Double(double)) => Quantity::Double(double.ceil()),
        (_, Quantity::Double(double)) => Quantity::Double(double.floor()),
    };
    converted.to_item().ok_or(PathFailure)
}
