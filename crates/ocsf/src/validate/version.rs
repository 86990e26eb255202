//! The release that an event claims to be made for, against the one it is checked with.

use headwater_event::json::NodeId;

use super::{Validator, Walk};
use crate::issue::Code;

/// A release: numbers, and whether it is final (final ones come after their pre-releases).
type Release = ([u64; 3], bool);

impl Validator<'_> {
    pub(super) fn version(&mut self, walk: Walk<'_>, node: NodeId) {
        let Some(text) = walk.tree.as_str(node) else { return };
        if text == self.catalogue.version() {
            return;
        }
        let Some(claimed) = release(&text) else {
            return self.tell_of(Code::VersionInvalid, walk, node);
        };
        let own = release(self.catalogue.version()).map_or(([0; 3], true), |(own, _)| (own, true));
        let code = match claimed {
            _ if claimed == own => return,
            _ if claimed > own => Code::VersionLater,
            ([0, ..], _) => Code::VersionInitial,
            (_, false) => Code::VersionPrerelease,
            _ => Code::VersionEarlier,
        };
        self.tell_of(code, walk, node);
    }
}

/// `1.8.0` or `1.9.0-dev`.
fn release(text: &str) -> Option<Release> {
    let (numbers, rest) = match text.split_once('-') {
        Some((numbers, rest)) if !rest.is_empty() => (numbers, Some(rest)),
        Some(_) => return None,
        None => (text, None),
    };
    let mut parts = numbers.split('.');
    let mut next = || {
        let part = parts.next()?;
        // No signs or spaces, which `parse` would take.
        if part.is_empty() || !part.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        Some(part.parse().unwrap_or(u64::MAX))
    };
    let release = ([next()?, next()?, next()?], rest.is_none());
    parts.next().is_none().then_some(release)
}
