//! Files and buckets through the public interface: bytes in, frames out.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod archives;
mod damage;
mod listing;
mod reading;
mod real_data;
mod watching;

use std::ops::ControlFlow;

use headwater_sources::SourceError;
use headwater_sources::files::{
    Chunk, FileIdentity, Input, ObjectStores, ReadOptions, ReadRequest, ReadSummary, read,
};
use headwater_sources::record::Record;

/// Everything that one run delivered.
struct Run {
    chunks: Vec<Chunk>,
    summary: ReadSummary,
}

impl Run {
    /// Frames as text: original bytes, `bytes => json` when converted, `!reason: bytes` for a
    /// fault.
    fn frames(&self) -> Vec<String> {
        self.chunks.iter().flat_map(Chunk::records).map(show).collect()
    }

    /// JSON texts of the records; panics on a fault.
    fn json(&self) -> Vec<String> {
        let records = self.chunks.iter().flat_map(Chunk::records);
        records
            .map(|record| text(record.json.unwrap_or_else(|| panic!("{}", show(record)))))
            .collect()
    }

    /// Names of the chunks' origins without repetition.
    fn names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.chunks.iter().map(|chunk| &*chunk.origin.name).collect();
        names.dedup();
        names
    }
}

fn show(record: Record<'_>) -> String {
    let original = text(record.original);
    match (record.fault, record.json) {
        (Some(fault), _) => format!("!{}: {original}", fault.reason),
        (None, Some(json)) if json != record.original => format!("{original} => {}", text(json)),
        (None, _) => original,
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Reads an input and checks what holds for every run: numbered frames, one last chunk, sound
/// counters.
fn run(request: ReadRequest<'_>) -> Result<Run, SourceError> {
    let mut chunks: Vec<Chunk> = Vec::new();
    let summary = read(request, &mut |chunk| {
        chunks.push(chunk);
        ControlFlow::Continue(())
    })?;
    let mut next = request.skip_frames;
    for chunk in &chunks {
        assert_eq!(chunk.first_frame, next.min(summary.frames), "frames are numbered without gaps");
        next = chunk.end_frame();
    }
    let last: Vec<bool> = chunks.iter().map(|chunk| chunk.last).collect();
    assert!(last.ends_with(&[true]), "the last chunk is marked");
    assert_eq!(last.iter().filter(|last| **last).count(), 1, "only the last chunk is marked");
    assert_eq!(summary.frames, next.min(summary.frames));
    assert!(chunks.is_sorted_by_key(|chunk| chunk.bytes_decompressed));
    Ok(Run { chunks, summary })
}

fn run_with(input: &Input, options: &ReadOptions, skip_frames: u64) -> Result<Run, SourceError> {
    let stores = ObjectStores::none();
    run(ReadRequest { input, identity: None, options, stores: &stores, skip_frames, from_byte: 0 })
}

fn run_identified(
    input: &Input,
    identity: &FileIdentity,
    from_byte: u64,
) -> Result<Run, SourceError> {
    let (stores, options) = (ObjectStores::none(), ReadOptions::default());
    let identity = Some(identity);
    run(ReadRequest {
        input,
        identity,
        options: &options,
        stores: &stores,
        skip_frames: 0,
        from_byte,
    })
}

/// Reads bytes under a name with the default settings.
fn run_bytes(name: &str, content: impl Into<Vec<u8>>) -> Run {
    let input = Input::memory(name, content.into());
    run_with(&input, &ReadOptions::default(), 0).expect("memory can be read")
}
