//! Requests that a sender names (`Idempotency-Key`, Firehose's request id) are taken once: a name
//! seen before gets the first answer again, also after a crash.
//!
//! A name and its answer are a part of the journal's entry, so they become durable with the records
//! or not at all. Before entries leave the journal, all names are written to a file; a start reads
//! the file, then the entries that are still there.

mod file;

use std::collections::{HashMap, VecDeque};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use headwater_event::Timestamp;
use headwater_journal::{Journal, JournalError, Next};

use self::file::NamesFile;
use crate::envelope_batch::answered_request;

/// Names that are remembered; the oldest are forgotten first.
pub const NAMES_MAX: usize = 100_000;

/// For how long a name is remembered.
pub const AGE_MAX: Duration = Duration::from_secs(24 * 3_600);

/// Bytes of all answers that are remembered; the oldest are forgotten first.
pub const ANSWERS_BYTES_MAX: usize = 64 << 20;

/// Name of a request: a hash of who sent it and what the sender calls it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RequestName([u8; 16]);

impl RequestName {
    /// The name of a request by its parts, for example source, token id and key.
    #[must_use]
    pub fn of(parts: &[&[u8]]) -> Self {
        let mut hasher = blake3::Hasher::new();
        for part in parts {
            hasher.update(&(part.len() as u64).to_le_bytes()).update(part);
        }
        let mut name = [0; 16];
        hasher.finalize_xof().fill(&mut name);
        Self(name)
    }

    pub(crate) const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    pub(crate) const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

/// A request that was taken, and what was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnsweredRequest {
    /// Its name.
    pub name: RequestName,
    /// When it was taken.
    pub taken_at: Timestamp,
    /// The answer.
    pub answer: Arc<[u8]>,
}

/// What is known of a name.
#[derive(Debug)]
pub enum Seen {
    /// Nothing: take the request, then say what was answered.
    Never(Claim),
    /// Another request of this name is being taken right now.
    Now,
    /// It was taken, and this was answered.
    Before(Arc<[u8]>),
}

/// The names that were seen. Cheap to clone; clones share them.
#[derive(Debug, Clone, Default)]
pub struct SeenRequests {
    inner: Arc<Mutex<Names>>,
}

#[derive(Debug, Default)]
struct Names {
    /// `None` while the request is being taken.
    answers: HashMap<RequestName, Option<Arc<[u8]>>>,
    /// Answered names, oldest first.
    order: VecDeque<(RequestName, Timestamp)>,
    answers_bytes: usize,
    /// Whether there are names that the file does not have.
    changed: bool,
}

impl SeenRequests {
    /// What the file at `path` and the entries of the journal know, of which no more than the age
    /// and number allow. From now on names are written to the file before entries are removed from
    /// the journal, which must not have happened since it was opened. Blocks.
    ///
    /// # Errors
    /// `Unavailable` when the file system refuses. A damaged file is set aside, and logged.
    pub fn open(path: PathBuf, journal: &Journal, now: Timestamp) -> Result<Self, JournalError> {
        let file = NamesFile::new(path);
        let requests = Self::default();
        for answered in file.read()? {
            requests.lock().insert(answered);
        }
        let mut reader = journal.reader(0);
        while let Some(next) = reader.read_ready()? {
            match next {
                Next::Entry(entry) => {
                    if let Some(answered) = answered_request(&entry.payload) {
                        requests.lock().insert(answered);
                    }
                }
                // Whoever reads the journal for its records reports it.
                Next::Damage(_) => {}
                Next::Closed => break,
            }
        }
        requests.lock().forget(now);
        let kept = requests.clone();
        journal.before_release(move || kept.write(&file));
        Ok(requests)
    }

    /// Looks a name up, and takes it when it is new.
    #[must_use]
    pub fn look(&self, name: RequestName, now: Timestamp) -> Seen {
        let mut names = self.lock();
        names.forget(now);
        match names.answers.get(&name) {
            Some(Some(answer)) => Seen::Before(Arc::clone(answer)),
            Some(None) => Seen::Now,
            None => {
                names.answers.insert(name, None);
                Seen::Never(Claim { requests: self.clone(), name, is_answered: false })
            }
        }
    }

    fn write(&self, file: &NamesFile) -> Result<(), JournalError> {
        let answered = {
            let mut names = self.lock();
            if !std::mem::take(&mut names.changed) {
                return Ok(());
            }
            names.answered()
        };
        file.write(&answered).inspect_err(|_| self.lock().changed = true)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Names> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Names {
    /// Remembers an answer; the first one of a name stays.
    fn insert(&mut self, answered: AnsweredRequest) {
        let AnsweredRequest { name, taken_at, answer } = answered;
        if matches!(self.answers.get(&name), Some(Some(_))) {
            return;
        }
        self.answers_bytes += answer.len();
        self.answers.insert(name, Some(answer));
        self.order.push_back((name, taken_at));
        self.changed = true;
        while self.order.len() > NAMES_MAX || self.answers_bytes > ANSWERS_BYTES_MAX {
            self.forget_oldest();
        }
    }

    /// Forgets what is too old.
    fn forget(&mut self, now: Timestamp) {
        let age_max = i64::try_from(AGE_MAX.as_micros()).unwrap_or(i64::MAX);
        let is_old = |(_, taken): &(_, Timestamp)| {
            now.as_micros().saturating_sub(taken.as_micros()) > age_max
        };
        while self.order.front().is_some_and(is_old) {
            self.forget_oldest();
        }
    }

    fn forget_oldest(&mut self) {
        if let Some((name, _)) = self.order.pop_front()
            && let Some(Some(answer)) = self.answers.remove(&name)
        {
            self.answers_bytes -= answer.len();
        }
    }

    /// All answers, oldest first.
    fn answered(&self) -> Vec<AnsweredRequest> {
        let answered = |(name, taken_at): &(RequestName, Timestamp)| {
            let answer = self.answers.get(name)?.clone()?;
            Some(AnsweredRequest { name: *name, taken_at: *taken_at, answer })
        };
        self.order.iter().filter_map(answered).collect()
    }
}

/// A name that belongs to the request at hand; dropped without an answer it is free again.
#[derive(Debug)]
pub struct Claim {
    requests: SeenRequests,
    name: RequestName,
    is_answered: bool,
}

impl Claim {
    /// What is remembered once the request is taken with this answer.
    #[must_use]
    pub fn answered(&self, answer: &[u8], taken_at: Timestamp) -> AnsweredRequest {
        AnsweredRequest { name: self.name, taken_at, answer: answer.into() }
    }

    /// The request was taken, and this is answered, now and later.
    pub fn keep(mut self, answered: AnsweredRequest) {
        self.is_answered = true;
        self.requests.lock().insert(answered);
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        if !self.is_answered {
            self.requests.lock().answers.remove(&self.name);
        }
    }
}

#[cfg(test)]
mod tests;
