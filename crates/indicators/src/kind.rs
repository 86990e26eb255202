//! Kinds of keys, and which part of a value a key is of. Both names are a stored format: an index
//! holds them as text, so a name never changes its meaning.

/// What a key stands for.
///
/// Variants are in the order of their names, so that sorting by kind and sorting by name agree.
/// A new kind takes its alphabetical place; values of it had [`Kind::Other`] before, so adding one
/// means making indexes anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A host or domain name: labels in ASCII, last one first, each with a dot behind it
    /// (`com.example.www.`). The bare name of a host that has a domain is without a dot (`www`).
    Domain,
    /// An e-mail address.
    Email,
    /// A path or the name of a file, with slashes.
    File,
    /// A digest in hexadecimal digits.
    Hash,
    /// An address: 32 hexadecimal digits, IPv4 mapped to IPv6. An observed network is a slash, its
    /// first address, a slash and the three digits of its length of 128.
    Ip,
    /// A hardware address: hexadecimal digits without separators.
    Mac,
    /// Any other text, compared as a whole.
    Other,
    /// A URL: host, port unless it is the usual one, path, query, a blank and the scheme.
    Url,
    /// The name or the identifier of a user.
    User,
}

impl Kind {
    /// All kinds, in their order.
    pub const ALL: [Self; 9] = [
        Self::Domain,
        Self::Email,
        Self::File,
        Self::Hash,
        Self::Ip,
        Self::Mac,
        Self::Other,
        Self::Url,
        Self::User,
    ];

    /// Stable lower-case name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Domain => "domain",
            Self::Email => "email",
            Self::File => "file",
            Self::Hash => "hash",
            Self::Ip => "ip",
            Self::Mac => "mac",
            Self::Other => "other",
            Self::Url => "url",
            Self::User => "user",
        }
    }

    /// The kind of a name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// Which part of the observed value a key is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// The domain of an e-mail address or of a user's name.
    Domain,
    /// The host of a URL.
    Host,
    /// The name without what qualifies it: of a file without its folder, of a user or host without
    /// its domain.
    Name,
    /// The value itself, or one of several that it lists.
    Whole,
}

impl Part {
    /// All parts, in the order of their names.
    pub const ALL: [Self; 4] = [Self::Domain, Self::Host, Self::Name, Self::Whole];

    /// Stable lower-case name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Domain => "domain",
            Self::Host => "host",
            Self::Name => "name",
            Self::Whole => "whole",
        }
    }

    /// The part of a name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|part| part.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::{Kind, Part};

    #[test]
    fn order_of_values_is_order_of_names() {
        assert!(Kind::ALL.is_sorted() && Kind::ALL.is_sorted_by_key(|kind| kind.name()));
        assert!(Part::ALL.is_sorted() && Part::ALL.is_sorted_by_key(|part| part.name()));
        assert!(Kind::ALL.iter().all(|kind| Kind::from_name(kind.name()) == Some(*kind)));
        assert!(Part::ALL.iter().all(|part| Part::from_name(part.name()) == Some(*part)));
    }
}
