//! How far an input is read, as one number for the table: frames read so far and whether that was
//! all.

use std::sync::Arc;

use headwater_event::schema;
use headwater_lake::Lake;

use crate::IngestError;

/// Position of one input in frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct FilePosition {
    /// Frames whose rows are in the table.
    pub(crate) frames: u64,
    /// Whether the input has no more frames.
    pub(crate) complete: bool,
}

impl FilePosition {
    /// The number in the table: twice the frames, plus one when complete. Grows with progress.
    pub(crate) fn offset(self) -> i64 {
        let frames = i64::try_from(self.frames).unwrap_or(i64::MAX / 2);
        frames.saturating_mul(2).saturating_add(i64::from(self.complete))
    }

    /// Reads the number back; nothing recorded is the start.
    pub(crate) fn from_offset(offset: Option<i64>) -> Self {
        let offset = offset.unwrap_or_default();
        Self { frames: u64::try_from(offset / 2).unwrap_or_default(), complete: offset % 2 == 1 }
    }
}

/// What the tables know of one input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Stored {
    /// Its position in `events`.
    pub(crate) events: Option<i64>,
    /// Its position in `rejects`, which may be ahead.
    pub(crate) rejects: Option<i64>,
}

impl Stored {
    /// Frames whose rows are in both tables.
    pub(crate) fn frames(self) -> u64 {
        FilePosition::from_offset(self.events).frames
    }
}

/// The positions of inputs in the tables of a lake, which are made when they do not exist.
pub(crate) async fn stored(lake: &Lake, names: &[Arc<str>]) -> Result<Vec<Stored>, IngestError> {
    let wanted: Vec<&str> = names.iter().map(|name| &**name).collect();
    let mut found = Vec::new();
    for table in [schema::EVENTS, schema::REJECTS] {
        let table = lake.table(table).map_err(IngestError::lake("open a table"))?;
        table.ensure_created().await.map_err(IngestError::lake("create a table"))?;
        let positions = table.positions(&wanted).await;
        found.push(positions.map_err(IngestError::lake("read positions"))?);
    }
    let offset = |table: usize, name: &str| found.get(table)?.get(name).copied();
    let of = |name: &&str| Stored { events: offset(0, name), rejects: offset(1, name) };
    Ok(wanted.iter().map(of).collect())
}

#[cfg(test)]
mod tests {
    use super::FilePosition;

    #[test]
    fn offsets_grow_with_progress_and_read_back() {
        let mut last = -1;
        for (frames, complete) in [(0, false), (1, false), (7, false), (7, true), (8, false)] {
            let position = FilePosition { frames, complete };
            assert_eq!(FilePosition::from_offset(Some(position.offset())), position);
            assert!(position.offset() > last);
            last = position.offset();
        }
        assert_eq!(FilePosition::from_offset(None), FilePosition::default());
    }
}
