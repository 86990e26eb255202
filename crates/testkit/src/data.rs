//! Test data that is not part of the project.

use std::path::{Path, PathBuf};

/// The root of the repository.
#[must_use]
pub fn repository() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_path_buf()
}

/// A file or folder of the outside test data: below `$HEADWATER_TEST_DATA`, else below
/// `../shared/data` beside the repository. `None`, with a printed reason, where it is absent: the
/// test then skips.
#[must_use]
pub fn test_data(path: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("HEADWATER_TEST_DATA")
        .map_or_else(|| repository().join("../shared/data"), PathBuf::from);
    let found = folder.join(path);
    if found.exists() {
        return Some(found);
    }
    eprintln!("skipped: {} is absent (set HEADWATER_TEST_DATA)", found.display());
    None
}
