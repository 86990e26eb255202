//! Counterparts written in Java, from the jars that `scripts/setup.sh` fetches.

use std::path::PathBuf;

use crate::repository;

/// The folder with the jars of `tests/counterparts/<name>/pom.xml`: `$HEADWATER_<NAME>`, else
/// `.<name>` in the repository.
///
/// # Panics
/// When it is missing: `make test` fetches it.
#[must_use]
pub fn jars(name: &str) -> PathBuf {
    let folder = std::env::var_os(format!("HEADWATER_{}", name.to_uppercase()))
        .map_or_else(|| repository().join(format!(".{name}")), PathBuf::from);
    assert!(
        folder.exists(),
        "{} is missing: run `make test` or scripts/setup.sh",
        folder.display()
    );
    folder
}
