//! Indicators of compromise: what they are, how they are read, and which observed values they
//! match.
//!
//! Both sides are made comparable by *keys*. A value that was observed has some ([`Keys`]), an
//! [`Indicator`] asks for a few contiguous ranges of them ([`KeyRange`]), and it matches the value
//! if and only if one of the value's keys lies in one of its ranges. So an index sorted by kind and
//! key answers by looking at ranges, a scan answers with a [`Matcher`], and both give the same.
//! No I/O, no clock.
//!
//! ```
//! use headwater_indicators::{Indicator, Keys, Kind};
//!
//! let network = Indicator::parse("203[.]0[.]113[.]0/24")?;
//! let mut hits = Vec::new();
//! // Type 6 of OCSF's observables is a URL; its host is a key of its own.
//! Keys::default().each(6, "http://203.0.113.7:8080/x", |kind, part, key| {
//!     if network.ranges().any(|range| range.contains(kind, key)) {
//!         hits.push((kind, part.name()));
//!     }
//! });
//! assert_eq!(hits, [(Kind::Ip, "host")]);
//! # Ok::<(), headwater_indicators::IndicatorError>(())
//! ```

mod defang;
mod detect;
mod form;
mod indicator;
mod key;
mod keys;
mod kind;
mod list;
mod matcher;
mod range;

pub use form::Form;
pub use indicator::{Indicator, IndicatorError, Note};
pub use key::KEY_BYTES_MAX;
pub use keys::{Keys, keys};
pub use kind::{Kind, Part};
pub use list::{INDICATORS_MAX, List, ListError, SkipReason, Skipped};
pub use matcher::{Match, Matcher};
pub use range::KeyRange;
