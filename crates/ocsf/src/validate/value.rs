//! One value against its attribute's type.

use std::net::Ipv4Addr;

use headwater_event::json::{Kind, NodeId};

use super::{Validator, Walk};
use crate::catalogue::{Attribute, Base, Type};
use crate::issue::Code;

impl Validator<'_> {
    pub(super) fn attribute(&mut self, walk: Walk<'_>, node: NodeId, attribute: &Attribute) {
        if attribute.deprecated.is_some() {
            self.tell_of(Code::AttributeDeprecated, walk, node);
        }
        if !attribute.is_array {
            return self.value(walk, node, attribute);
        }
        if walk.tree.kind(node) != Kind::Array {
            return self.tell_of(Code::WrongType, walk, node);
        }
        for element in walk.tree.children(node) {
            self.value(walk, element, attribute);
        }
    }

    fn value(&mut self, walk: Walk<'_>, node: NodeId, attribute: &Attribute) {
        let tree = walk.tree;
        let catalogue = self.catalogue;
        if let Some(object) = catalogue.object_of(attribute) {
            if tree.kind(node) != Kind::Object {
                return self.tell_of(Code::WrongType, walk, node);
            }
            if object.deprecated.is_some() {
                self.tell_of(Code::ObjectDeprecated, walk, node);
            }
            return self.item(walk, node, object);
        }
        let wanted = catalogue.type_of(attribute);
        let is_right = match (wanted.base, tree.kind(node)) {
            (Base::Json, _) | (Base::Boolean, Kind::Bool) | (Base::Float, Kind::Number) => true,
            (Base::Integer, Kind::Number) => match tree.as_i64(node) {
                Some(number) => {
                    self.range(walk, node, wanted, number);
                    true
                }
                None => false,
            },
            (Base::Text, Kind::String) => {
                self.text(walk, node, wanted);
                true
            }
            _ => false,
        };
        if !is_right {
            self.tell_of(Code::WrongType, walk, node);
        }
    }

    fn range(&mut self, walk: Walk<'_>, node: NodeId, wanted: &Type, number: i64) {
        if let Some((least, most)) = wanted.range
            && !(least..=most).contains(&number)
        {
            self.tell_of(Code::ExceedsRange, walk, node);
        }
    }

    fn text(&mut self, walk: Walk<'_>, node: NodeId, wanted: &Type) {
        if wanted.max_len.is_none() && wanted.regex.is_none() {
            return;
        }
        let Some(text) = walk.tree.as_str(node) else { return };
        // Bytes are never fewer than characters.
        if let Some(most) = wanted.max_len
            && text.len() > most
            && text.chars().count() > most
        {
            self.tell_of(Code::ExceedsLength, walk, node);
        }
        if let Some(regex) = &wanted.regex
            && !is_plainly_right(&wanted.name, &text)
            && !regex.is_match(&text)
        {
            self.tell_of(Code::RegexNotMatched, walk, node);
        }
    }
}

/// Whether a text is of the type's usual form, which its pattern matches too.
fn is_plainly_right(type_name: &str, text: &str) -> bool {
    match type_name {
        "ip_t" => text.parse::<Ipv4Addr>().is_ok(),
        "datetime_t" => is_plain_datetime(text.as_bytes()),
        _ => false,
    }
}

/// `YYYY-MM-DDTHH:MM:SS`, a fraction perhaps, `Z`.
fn is_plain_datetime(text: &[u8]) -> bool {
    const SHAPE: &[u8; 19] = b"0000-00-00T00:00:00";
    let Some((head, tail)) = text.split_first_chunk::<19>() else { return false };
    let fits = |(shape, byte): (&u8, &u8)| {
        if *shape == b'0' { byte.is_ascii_digit() } else { shape == byte }
    };
    let fraction = match tail {
        [b'Z'] => return SHAPE.iter().zip(head).all(fits),
        [b'.', fraction @ .., b'Z'] => fraction,
        _ => return false,
    };
    !fraction.is_empty()
        && fraction.iter().all(u8::is_ascii_digit)
        && SHAPE.iter().zip(head).all(fits)
}
