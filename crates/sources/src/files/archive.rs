//! Archives: every regular member is read as an input of its own, in the order of the archive; its
//! name is `archive!/member`.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::rc::Rc;

use tar::EntryType;
use zip::ZipArchive;
use zip::read::read_zipfile_from_stream;

use crate::files::listing::Skipped;
use crate::files::reader::{Stop, Walk};
use crate::files::stream::{Damage, Limited, Metered};

const TAR_BLOCK_BYTES: usize = 512;
/// A sparse member costs nothing to store, however large it says it is.
const SPARSE_BYTES_MAX: u64 = 1 << 30;

impl Walk<'_> {
    /// Reads the members of a tar archive.
    pub(super) fn tar(
        &mut self,
        stream: &mut dyn Read,
        name: &str,
        depth: usize,
    ) -> Result<(), Stop> {
        let mut archive = tar::Archive::new(LastBlock { inner: stream, block: Vec::new() });
        // Archives may be joined: what follows the two blocks of zeros is read as well.
        archive.set_ignore_zeros(true);
        let Some(error) = self.tar_members(&mut archive, name, depth)? else { return Ok(()) };
        let mut rest = archive.into_inner();
        let reason = format!("tar archive is damaged: {}", self.damage(error)?);
        let block = std::mem::take(&mut rest.block);
        self.refuse(&mut block.as_slice().chain(rest.inner), name, reason)
    }

    /// Reads members up to the end, or to an error that is returned because no fault tells of it
    /// yet.
    fn tar_members<R: Read>(
        &mut self,
        archive: &mut tar::Archive<R>,
        name: &str,
        depth: usize,
    ) -> Result<Option<io::Error>, Stop> {
        let entries = match archive.entries() {
            Ok(entries) => entries,
            Err(error) => return Ok(Some(error)),
        };
        for entry in entries {
            let mut entry = match entry {
                Ok(entry) => entry,
                Err(error) => return Ok(Some(error)),
            };
            let kind = entry.header().entry_type();
            if !matches!(kind, EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse) {
                continue;
            }
            let member = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
            let bytes = entry.size();
            if kind == EntryType::GNUSparse && bytes > SPARSE_BYTES_MAX {
                let reason = format!("sparse member of {bytes} bytes is not read");
                self.fault(&member_name(name, &member), reason)?;
                continue;
            }
            let mut content = Exact { inner: &mut entry, bytes, is_damaged: false };
            self.member(&mut content, name, &member, depth)?;
            if content.is_damaged {
                // The member's fault has told; nothing behind this place can be read.
                return Ok(None);
            }
        }
        Ok(None)
    }

    /// Reads the members of a zip archive. It is read from its end, so a stream is spooled to a
    /// file.
    pub(super) fn zip(
        &mut self,
        stream: &mut dyn Read,
        file: Option<&File>,
        name: &str,
        depth: usize,
    ) -> Result<(), Stop> {
        if let Some(file) = file {
            let file = file.try_clone().map_err(|error| self.failure(error))?;
            let file = Metered::new(file, &self.meter);
            return self.zip_members(file, name, depth);
        }
        let (file, damage) = self.spool(stream)?;
        self.zip_members(file, name, depth)?;
        damage.map_or(Ok(()), |reason| self.fault(name, reason))
    }

    /// Copies a stream to a temporary file without a name; with the reason when it ends in damage.
    fn spool(&self, stream: &mut dyn Read) -> Result<(File, Option<String>), Stop> {
        let mut file = tempfile::tempfile().map_err(|error| self.failure(error))?;
        let mut buffer = vec![0; 256 << 10];
        let damage = loop {
            match stream.read(&mut buffer) {
                Ok(0) => break None,
                Ok(length) => {
                    let bytes = buffer.get(..length).unwrap_or_default();
                    io::Write::write_all(&mut file, bytes).map_err(|error| self.failure(error))?;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => break Some(self.damage(error)?),
            }
        };
        Ok((file, damage))
    }

    fn zip_members<R: Read + Seek>(
        &mut self,
        mut file: R,
        name: &str,
        depth: usize,
    ) -> Result<(), Stop> {
        let mut archive = match ZipArchive::new(&mut file) {
            Ok(archive) => archive,
            Err(error) => {
                let reason = format!("zip archive is damaged: {}", self.damage(error.into())?);
                return self.zip_without_directory(file, name, depth, reason);
            }
        };
        for index in 0..archive.len() {
            let listed = archive.name_for_index(index).and_then(Result::ok);
            let listed = listed.map_or_else(|| format!("member {index}"), |name| name.into_owned());
            match archive.by_index(index) {
                Ok(member) if member.is_dir() => {}
                Ok(member) => {
                    let limits = Rc::clone(&self.limits);
                    let mut content = Limited { inner: member, limits: &limits };
                    self.member(&mut content, name, &listed, depth)?;
                }
                Err(error) => {
                    let reason = format!("zip member cannot be opened: {error}");
                    self.damage(error.into())?;
                    self.fault(&member_name(name, &listed), reason)?;
                }
            }
        }
        Ok(())
    }

    /// Reads a zip archive whose directory is missing, member by member from the start; then tells
    /// why.
    fn zip_without_directory<R: Read + Seek>(
        &mut self,
        mut file: R,
        name: &str,
        depth: usize,
        reason: String,
    ) -> Result<(), Stop> {
        let mut at = 0;
        loop {
            file.seek(SeekFrom::Start(at)).map_err(|error| self.failure(error))?;
            let Ok(Some(member)) = read_zipfile_from_stream(&mut file) else { break };
            let listed = String::from_utf8_lossy(member.name_raw()).into_owned();
            if !member.is_dir() {
                let limits = Rc::clone(&self.limits);
                let limited = Limited { inner: member, limits: &limits };
                let mut content = Exact { inner: limited, bytes: 0, is_damaged: false };
                self.member(&mut content, name, &listed, depth)?;
                if content.is_damaged {
                    return Ok(());
                }
            } else {
                drop(member);
            }
            // Dropping a member moves behind its data.
            at = file.stream_position().map_err(|error| self.failure(error))?;
        }
        file.seek(SeekFrom::Start(at)).map_err(|error| self.failure(error))?;
        self.refuse(&mut file, name, reason)
    }

    fn member(
        &mut self,
        content: &mut dyn Read,
        archive: &str,
        member: &str,
        depth: usize,
    ) -> Result<(), Stop> {
        let name = member_name(archive, member);
        if let Some(reason) = skip_reason(member) {
            self.summary.skipped.push(Skipped { name, reason });
            return Ok(());
        }
        self.summary.members += 1;
        self.layer(content, None, &name, depth + 1)
    }
}

fn member_name(archive: &str, member: &str) -> String {
    format!("{archive}!/{member}")
}

/// Members that macOS adds for its own use hold no content of the user.
fn skip_reason(member: &str) -> Option<&'static str> {
    let file = member.rsplit('/').next().unwrap_or(member);
    let is_resource = member.starts_with("__MACOSX/") || file.starts_with("._");
    (is_resource || file == ".DS_Store").then_some("file of the macos finder")
}

/// Remembers the last block that was read: a tar header that makes no sense is part of the content.
struct LastBlock<'a> {
    inner: &'a mut dyn Read,
    block: Vec<u8>,
}

impl Read for LastBlock<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.inner.read(buffer)?;
        self.block.clear();
        if length <= TAR_BLOCK_BYTES {
            self.block.extend_from_slice(buffer.get(..length).unwrap_or_default());
        }
        Ok(length)
    }
}

/// The content of a member; ending before its time is damage.
struct Exact<R> {
    inner: R,
    /// Bytes that are still to come.
    bytes: u64,
    /// The stream around the member cannot be read any further.
    is_damaged: bool,
}

impl<R: Read> Read for Exact<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let result = self.inner.read(buffer);
        match result {
            Ok(0) if self.bytes > 0 && !buffer.is_empty() => {
                self.is_damaged = true;
                Err(Damage::error("archive is cut short"))
            }
            Ok(length) => {
                let read = u64::try_from(length).unwrap_or_default();
                self.bytes = self.bytes.saturating_sub(read);
                Ok(length)
            }
            Err(error) => {
                self.is_damaged |= error.kind() != io::ErrorKind::Interrupted;
                Err(error)
            }
        }
    }
}
