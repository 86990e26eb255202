//! Which places inside documents queries ask for: what hidden columns are chosen by.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use headwater_event::Timestamp;
use headwater_event::schema::EVENTS;
use headwater_lake::hidden::HiddenPath;
use headwater_lake::{Lake, LakeError};

/// Places that are kept until they are saved; further ones are not noted.
const PLACES_MAX: usize = 512;

/// The places that were asked for and not saved yet. Sessions share it.
#[derive(Debug, Default)]
pub struct AskedPaths(Mutex<BTreeSet<HiddenPath>>);

impl AskedPaths {
    pub(crate) fn note(&self, paths: impl IntoIterator<Item = HiddenPath>) {
        let mut asked = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for path in paths {
            if asked.len() < PLACES_MAX {
                asked.insert(path);
            }
        }
    }

    /// Saves the places beside the table of events, each once a day.
    ///
    /// # Errors
    /// The lake cannot be written. The places are forgotten: they are hints.
    pub async fn save(&self, lake: &Lake, now: Timestamp) -> Result<(), LakeError> {
        let asked = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        if asked.is_empty() {
            return Ok(());
        }
        let change = lake.table(EVENTS)?;
        let change = change.change_path_record(|record| {
            // Each has to be noted, also after the first that is new.
            asked.iter().filter(|path| record.note(path, now)).count() > 0
        });
        change.await.map(drop)
    }
}
