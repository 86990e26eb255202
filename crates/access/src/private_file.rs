//! Files that only their owner may read, replaced as a whole.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Write as _};
use std::path::Path;

/// Ending of the file that is written before it takes the other one's place.
const TEMPORARY_SUFFIX: &str = ".tmp";

/// Makes `contents` all that is in the file at `path`, whose folder must exist. Only the owner may
/// read the file.
///
/// Whatever crashes, the file is the old one or the new one, never a part of either; on success the
/// new one is durable. What a crash leaves beside it (`NAME.tmp`) is removed by the next call.
/// Callers see to it that one change of a file is under way at a time, in all processes.
///
/// # Errors
/// The file system refused; the file is the old one unless only making the new one durable failed.
pub fn replace_private_file(path: &Path, contents: &[u8]) -> io::Result<()> {
    let (folder, temporary) = beside(path)?;
    match fs::remove_file(folder.join(&temporary)) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    // A new file, which only the owner may read from the beginning; an error removes it.
    let mut file = tempfile::Builder::new().prefix(&temporary).rand_bytes(0).tempfile_in(folder)?;
    file.write_all(contents)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    File::open(folder)?.sync_all()
}

/// The folder of a file, and the name of its temporary one there.
fn beside(path: &Path) -> io::Result<(&Path, OsString)> {
    let name = path.file_name().ok_or(ErrorKind::InvalidInput)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let mut temporary = name.to_owned();
    temporary.push(TEMPORARY_SUFFIX);
    Ok((folder.unwrap_or(Path::new(".")), temporary))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let files = fs::read_dir(folder).unwrap();
        let mut names: Vec<String> =
            files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
        names.sort_unstable();
        names
    }

    #[cfg(unix)]
    fn mode(path: &Path) -> u32 {
        use std::os::unix::fs::PermissionsExt as _;
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn a_file_is_replaced_as_a_whole_and_is_private() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file.json");
        for contents in [&b"long contents"[..], b"short", b""] {
            replace_private_file(&path, contents).unwrap();
            assert_eq!(fs::read(&path).unwrap(), contents);
            assert_eq!(names(folder.path()), ["file.json"]);
        }
        #[cfg(unix)]
        assert_eq!(mode(&path), 0o600);
    }

    #[test]
    fn what_a_crash_left_is_neither_read_nor_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file.json");
        fs::write(folder.path().join("file.json.tmp"), "a part of something longer").unwrap();
        replace_private_file(&path, b"whole").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"whole");
        assert_eq!(names(folder.path()), ["file.json"]);
        // Whoever could read what was left cannot read what replaced it.
        #[cfg(unix)]
        assert_eq!(mode(&path), 0o600);
    }

    #[test]
    fn a_failure_leaves_the_old_state() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file.json");
        fs::create_dir(&path).unwrap();
        assert!(replace_private_file(&path, b"new").is_err());
        assert_eq!(names(folder.path()), ["file.json"]);
        assert!(replace_private_file(&folder.path().join("missing/file.json"), b"new").is_err());
        assert!(replace_private_file(Path::new("/"), b"new").is_err());
    }

    #[test]
    fn the_temporary_file_is_in_the_same_folder() {
        for (path, folder, temporary) in
            [("a/b.json", "a", "b.json.tmp"), ("b", ".", "b.tmp"), ("/b.tmp", "/", "b.tmp.tmp")]
        {
            assert_eq!(beside(Path::new(path)).unwrap(), (Path::new(folder), temporary.into()));
        }
    }
}
