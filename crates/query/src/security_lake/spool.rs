//! Converted events on disk, compressed, until their columns are known.

use std::fs::File;
use std::io::{BufRead as _, BufReader, BufWriter, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use super::ExportError;

/// Separates the place of a row from its object; neither has one.
const SEPARATOR: u8 = b'\t';

/// How hard the spool is compressed: as little as possible.
const LEVEL: i32 = 1;

/// Names that are tried for the file.
const NAMES_MAX: u32 = 1_000;

/// A spool that is written. Its file has no name any more, so it is gone with the process.
pub(super) struct Spool {
    folder: PathBuf,
    out: zstd::Encoder<'static, BufWriter<File>>,
}

/// A spool that is complete.
pub(super) struct Spooled {
    folder: PathBuf,
    file: File,
}

/// The rows of a spool, in order.
pub(super) struct SpoolReader {
    folder: PathBuf,
    input: BufReader<zstd::Decoder<'static, BufReader<File>>>,
    line: Vec<u8>,
}

/// One row.
pub(super) struct SpooledRow<'a> {
    /// Its folder below that of the source.
    pub(super) place: String,
    /// The object.
    pub(super) json: &'a [u8],
}

fn failed(folder: &Path) -> impl Fn(std::io::Error) -> ExportError + use<> {
    let folder = folder.display().to_string();
    move |source| ExportError::Spool { folder: folder.clone(), source }
}

impl Spool {
    pub(super) fn create(folder: &Path) -> Result<Self, ExportError> {
        let failed = failed(folder);
        std::fs::create_dir_all(folder).map_err(&failed)?;
        let file = nameless(folder).map_err(&failed)?;
        let out = zstd::Encoder::new(BufWriter::new(file), LEVEL).map_err(failed)?;
        Ok(Self { folder: folder.to_owned(), out })
    }

    pub(super) fn push(&mut self, place: &str, json: &[u8]) -> Result<(), ExportError> {
        let out = &mut self.out;
        let mut write = || {
            out.write_all(place.as_bytes())?;
            out.write_all(&[SEPARATOR])?;
            out.write_all(json)?;
            out.write_all(b"\n")
        };
        write().map_err(failed(&self.folder))
    }

    pub(super) fn finish(self) -> Result<Spooled, ExportError> {
        let failed = failed(&self.folder);
        let file = self.out.finish().map_err(&failed)?;
        let file = file.into_inner().map_err(|error| failed(error.into_error()))?;
        Ok(Spooled { folder: self.folder, file })
    }
}

impl Spooled {
    pub(super) fn read(mut self) -> Result<SpoolReader, ExportError> {
        let failed = failed(&self.folder);
        self.file.rewind().map_err(&failed)?;
        let decoder = zstd::Decoder::new(self.file).map_err(&failed)?;
        Ok(SpoolReader { folder: self.folder, input: BufReader::new(decoder), line: Vec::new() })
    }
}

impl SpoolReader {
    pub(super) fn next(&mut self) -> Result<Option<SpooledRow<'_>>, ExportError> {
        self.line.clear();
        let read = self.input.read_until(b'\n', &mut self.line);
        if read.map_err(failed(&self.folder))? == 0 {
            return Ok(None);
        }
        let mut parts = self.line.splitn(2, |byte| *byte == SEPARATOR);
        let place = String::from_utf8_lossy(parts.next().unwrap_or_default()).into_owned();
        Ok(Some(SpooledRow { place, json: parts.next().unwrap_or_default() }))
    }
}

/// A new file that is already taken out of its folder.
fn nameless(folder: &Path) -> std::io::Result<File> {
    let mut options = File::options();
    options.read(true).write(true).create_new(true);
    for number in 0..NAMES_MAX {
        let path = folder.join(format!("headwater-export-{}-{number}", std::process::id()));
        match options.open(&path) {
            Ok(file) => {
                std::fs::remove_file(&path)?;
                return Ok(file);
            }
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(std::io::ErrorKind::AlreadyExists.into())
}
