//! How mappings name attributes.

use std::borrow::Cow;
use std::fmt;

/// A path of an attribute: in one piece (`"src_endpoint.ip"`), or as the path of an object and one
/// below it (`("src_endpoint", "ip")`), which need not be put together first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct To<'a> {
    /// Path of the object; empty: the event.
    pub(super) object: &'a str,
    /// Path below it.
    pub(super) member: &'a str,
}

impl<'a> From<&'a str> for To<'a> {
    fn from(member: &'a str) -> Self {
        Self { object: "", member }
    }
}

impl<'a> From<&&'a str> for To<'a> {
    fn from(member: &&'a str) -> Self {
        Self { object: "", member }
    }
}

impl<'a> From<&'a String> for To<'a> {
    fn from(member: &'a String) -> Self {
        Self { object: "", member }
    }
}

impl<'a> From<&'a Cow<'_, str>> for To<'a> {
    fn from(member: &'a Cow<'_, str>) -> Self {
        Self { object: "", member }
    }
}

impl<'a> From<(&'a str, &'a str)> for To<'a> {
    fn from((object, member): (&'a str, &'a str)) -> Self {
        Self { object, member }
    }
}

impl<'a> From<(&'a str, &&'a str)> for To<'a> {
    fn from((object, member): (&'a str, &&'a str)) -> Self {
        Self { object, member }
    }
}

impl<'a> From<(&'a String, &'a str)> for To<'a> {
    fn from((object, member): (&'a String, &'a str)) -> Self {
        Self { object, member }
    }
}

impl fmt::Display for To<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.object {
            "" => formatter.write_str(self.member),
            object => write!(formatter, "{object}.{}", self.member),
        }
    }
}
