//! Which versions of an input are still to be read. A local file of lines that only grew is read
//! from where its last version ended; a file whose content was replaced is read from its start.
//!
//! The table remembers, besides the position of each version (by content), two markers per path:
//! the size of the version that was begun last and of the one that was completed last. A file that
//! grew after a crash is so finished in its old version first, then read on. Markers grow: the
//! upper bits count how often the content was replaced.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::Path;
use std::sync::Arc;

use headwater_sources::SourceError;
use headwater_sources::files::{FileIdentity, Input, ReadOptions, can_resume_at, prefix_hash};

use crate::IngestError;
use crate::positions::FilePosition;
use crate::worker::Marker;

/// Bits of a marker that hold the size: 16 TiB.
const SIZE_BITS: u32 = 44;

/// One version of an input, or the part of it that was appended.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    /// Name of its position; `None` for a stream.
    pub(crate) partition: Option<Arc<str>>,
    /// Identity of the version: bounds what is read.
    pub(crate) identity: Option<FileIdentity>,
    /// Where the part begins.
    pub(crate) from_byte: u64,
}

/// What is to be read of an input; no steps when all of it is in the table.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    pub(crate) steps: Vec<Step>,
    pub(crate) markers: Markers,
}

/// The two markers of a path, as the table has them; empty for inputs that cannot grow.
#[derive(Debug, Default)]
pub(crate) struct Markers {
    names: Option<(Arc<str>, Arc<str>)>,
    begun: Option<i64>,
    completed: Option<i64>,
    replaced: bool,
}

impl Plan {
    /// A stream without identity: read once, remembered never.
    pub(crate) fn stream() -> Self {
        let step = Step { partition: None, identity: None, from_byte: 0 };
        Self { steps: vec![step], markers: Markers::default() }
    }

    fn version(partition: Arc<str>, identity: FileIdentity, from_byte: u64) -> Step {
        Step { partition: Some(partition), identity: Some(identity), from_byte }
    }
}

impl Markers {
    /// The markers that a commit of this step writes.
    pub(crate) fn to_write(&self, step: &Step, last: bool) -> Vec<Marker> {
        let size = step.identity.as_ref().and_then(FileIdentity::bytes);
        let (Some((begun, completed)), Some(size)) = (&self.names, size) else { return Vec::new() };
        let epoch = self.begun.unwrap_or_default() >> SIZE_BITS;
        let epoch = if self.replaced { epoch.saturating_add(1) } else { epoch };
        let value = (epoch << SIZE_BITS).saturating_add(i64::try_from(size).unwrap_or_default());
        let marker = |name: &Arc<str>, known| Marker { name: Arc::clone(name), known, value };
        let mut markers = vec![marker(begun, self.begun)];
        if last {
            markers.push(marker(completed, self.completed));
        }
        markers
    }

    fn size(marker: Option<i64>) -> u64 {
        u64::try_from(marker.unwrap_or_default() & ((1 << SIZE_BITS) - 1)).unwrap_or_default()
    }
}

/// Decides what is to be read. `partition` names the position of a version, `lookup` asks the
/// table.
pub(crate) fn plan(
    input: &Input,
    options: &ReadOptions,
    identity: FileIdentity,
    partition: &dyn Fn(&FileIdentity) -> Arc<str>,
    lookup: &dyn Fn(&str) -> Result<Option<i64>, IngestError>,
) -> Result<Result<Plan, SourceError>, IngestError> {
    let name = partition(&identity);
    let offset = lookup(&name)?;
    if FilePosition::from_offset(offset).complete {
        return Ok(Ok(Plan::default()));
    }
    let mut markers = match markers_of(input, lookup)? {
        Some(markers) => markers,
        None => {
            let steps = vec![Plan::version(name, identity, 0)];
            return Ok(Ok(Plan { steps, markers: Markers::default() }));
        }
    };
    let steps = match grown(input, options, &markers, partition, lookup)? {
        Ok(steps) => steps,
        Err(error) => return Ok(Err(error)),
    };
    // Where the unread rest begins: behind the versions that are in the table already.
    let (mut steps, from_byte) = match steps {
        Some(found) => found,
        None => {
            markers.replaced = markers.begun.is_some() && offset.is_none();
            (Vec::new(), 0)
        }
    };
    if steps.last().and_then(|step| step.partition.as_ref()) != Some(&name) {
        steps.push(Plan::version(name, identity, from_byte));
    }
    Ok(Ok(Plan { steps, markers }))
}

/// The markers of a local file's path.
fn markers_of(
    input: &Input,
    lookup: &dyn Fn(&str) -> Result<Option<i64>, IngestError>,
) -> Result<Option<Markers>, IngestError> {
    let Some(path) = input.local_path() else { return Ok(None) };
    let path = path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
    let hash = blake3::hash(path.as_os_str().as_encoded_bytes());
    let begun: Arc<str> = format!("path/{hash}/begun").into();
    let completed: Arc<str> = format!("path/{hash}").into();
    Ok(Some(Markers {
        begun: lookup(&begun)?,
        completed: lookup(&completed)?,
        names: Some((begun, completed)),
        replaced: false,
    }))
}

/// Steps that finish earlier versions, and where the rest of the file begins; `None` when the file
/// is not a longer version of what was read before.
#[expect(clippy::type_complexity, reason = "two kinds of errors: the run's and the input's")]
fn grown(
    input: &Input,
    options: &ReadOptions,
    markers: &Markers,
    partition: &dyn Fn(&FileIdentity) -> Arc<str>,
    lookup: &dyn Fn(&str) -> Result<Option<i64>, IngestError>,
) -> Result<Result<Option<(Vec<Step>, u64)>, SourceError>, IngestError> {
    let Some(path) = input.local_path() else { return Ok(Ok(None)) };
    let size = input.size().unwrap_or_default();
    let same_epoch = markers.completed.map(|value| value >> SIZE_BITS)
        == markers.begun.map(|value| value >> SIZE_BITS);
    let completed = if same_epoch { Markers::size(markers.completed) } else { 0 };
    let begun = Markers::size(markers.begun);
    let version = |bytes: u64| -> Result<Option<(FileIdentity, FilePosition)>, GrowthError> {
        if bytes == 0 || bytes > size {
            return Ok(None);
        }
        let Some(identity) = prefix_hash(path, bytes)? else { return Ok(None) };
        let offset = lookup(&partition(&identity))?;
        Ok(offset.map(|offset| (identity, FilePosition::from_offset(Some(offset)))))
    };
    let found = (|| {
        let base = version(completed)?.filter(|(_, position)| position.complete);
        let base = match base {
            Some(_) => resume_point(path, completed, options)?,
            None => None,
        };
        let Some(rest) = resume_point(path, begun, options)? else { return Ok(None) };
        match version(begun)? {
            Some((_, position)) if position.complete => Ok(Some((Vec::new(), rest))),
            Some((identity, _)) => {
                let name = partition(&identity);
                let step = Plan::version(name, identity, base.unwrap_or_default());
                Ok(Some((vec![step], rest)))
            }
            None => Ok(base.map(|base| (Vec::new(), base))),
        }
    })();
    match found {
        Ok(found) => Ok(Ok(found)),
        Err(GrowthError::Source(error)) => Ok(Err(error)),
        Err(GrowthError::Ingest(error)) => Err(error),
    }
}

/// How far before the end of a known version its last line end is searched.
const LOOK_BACK_BYTES: u64 = 64 << 10;

/// Where reading can go on behind a known version of `known` bytes: there, when a line ends there;
/// behind the line end that was missing then; else at the beginning of the line that was not
/// complete then.
fn resume_point(
    path: &Path,
    known: u64,
    options: &ReadOptions,
) -> Result<Option<u64>, GrowthError> {
    if known == 0 {
        return Ok(None);
    }
    if can_resume_at(path, known, options)? {
        return Ok(Some(known));
    }
    let candidates = line_ends_around(path, known)
        .map_err(|source| SourceError::Io { input: path.to_string_lossy().into_owned(), source })?;
    for candidate in candidates.into_iter().flatten() {
        if can_resume_at(path, candidate, options)? {
            return Ok(Some(candidate));
        }
    }
    Ok(None)
}

/// The place behind a line end that begins at `known`, and the place behind the last one before it.
fn line_ends_around(path: &Path, known: u64) -> io::Result<[Option<u64>; 2]> {
    let start = known.saturating_sub(LOOK_BACK_BYTES);
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start(start))?;
    let mut around = Vec::new();
    file.take(known - start + 1).read_to_end(&mut around)?;
    let before = usize::try_from(known - start).unwrap_or(usize::MAX);
    let after = (around.get(before) == Some(&b'\n')).then_some(known + 1);
    around.truncate(before);
    let last = around.iter().rposition(|byte| *byte == b'\n');
    let last = last.and_then(|index| u64::try_from(index).ok()).map(|index| start + index + 1);
    Ok([after, last])
}

/// Either kind of error of a look at an input.
enum GrowthError {
    Source(SourceError),
    Ingest(IngestError),
}

impl From<SourceError> for GrowthError {
    fn from(error: SourceError) -> Self {
        Self::Source(error)
    }
}

impl From<IngestError> for GrowthError {
    fn from(error: IngestError) -> Self {
        Self::Ingest(error)
    }
}
