//! What fields mean: the Open Cybersecurity Schema Framework (OCSF) as data, and what follows from
//! it for one event: validation, completion, observables, the same event in an older release. No
//! I/O.
//!
//! Contract: the schema of the releases in `data/`, made by `cargo xtask ocsf`; the rules and the
//! issue codes of validation are those of the OCSF schema server's `validate` endpoint.

mod catalogue;
mod complete;
mod convert;
mod issue;
mod item;
mod load;
mod observables;
mod path;
mod remembered;
mod validate;
mod version;
mod words;

pub use catalogue::{Attribute, Base, Catalogue, Category, Enumeration, Requirement, Type};
pub use complete::complete;
pub use convert::{Conversion, ConvertError, Converter};
pub use issue::{Code, Issue, Severity};
pub use item::{Constraint, Item};
pub use load::CatalogueError;
pub use observables::{COLLECTED, Collector, add_observables};
pub use path::{PathStep, follow};
pub use remembered::Remembered;
pub use validate::Validator;
pub use version::Version;
