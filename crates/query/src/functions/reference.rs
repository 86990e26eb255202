//! The reference entry of a function: what `\df` lists and the reference page is made of.

/// The chapter of the reference page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Group {
    /// JSON text.
    Json,
    /// Instants and dates.
    Time,
    /// Text and regular expressions.
    Text,
    /// Parts of URLs.
    Url,
    /// Bytes and their spellings.
    Binary,
    /// Addresses and networks.
    Ip,
    /// Arrays and maps.
    Array,
    /// Many rows to one value.
    Aggregate,
    /// Errors as values.
    Conditional,
}

impl Group {
    /// Heading of the chapter.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Json => "JSON functions",
            Self::Time => "Time functions",
            Self::Text => "Text functions",
            Self::Url => "URL functions",
            Self::Binary => "Binary functions",
            Self::Ip => "IP address functions",
            Self::Array => "Array and map functions",
            Self::Aggregate => "Aggregate functions",
            Self::Conditional => "Conditional functions",
        }
    }
}

/// How a function is called and what it answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reference {
    /// The name in SQL.
    pub name: &'static str,
    /// Other names for the same function.
    pub aliases: &'static [&'static str],
    /// Chapter of the reference page.
    pub group: Group,
    /// The call with the names of its arguments; optional ones in brackets.
    pub syntax: &'static str,
    /// Type of the result, in SQL words.
    pub result: &'static str,
    /// What it does, in one or a few sentences.
    pub description: &'static str,
    /// A call and the text of its result; the tests run every one of them.
    pub example: (&'static str, &'static str),
    /// Where the answer is not Trino's, and why; empty where it is.
    pub difference: &'static str,
}
