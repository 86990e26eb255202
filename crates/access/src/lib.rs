//! Who may do what. A [`Token`] is 256 bits of chance, shown once; what is kept is its hash, with
//! scopes, an expiry and a name ([`TokenRecord`]), in a file that one [`TokenFile`] reads and
//! writes. [`Access`] answers requests: which [`Grant`] a token carries, or why it has none.
//!
//! [`replace_private_file`] is how files that only their owner may read are written, also those of
//! crates that are built on this one.
//!
//! Comparisons take the same time whether they match or not. Nothing here ever prints a token.

mod access;
mod error;
mod file;
mod private_file;
mod token;

pub use access::{Access, Denial, Grant};
pub use error::AccessError;
pub use file::{TokenFile, TokenRecord};
pub use private_file::replace_private_file;
pub use token::{Scope, Token};
