//! Opening a journal, appending to it, and giving its space back.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;

use bytes::Bytes;
use uuid::Uuid;

use crate::error::JournalError;
use crate::folder::Folder;
use crate::reader::{Damage, JournalReader, set_aside};
use crate::segment::{Scanner, Step};
use crate::writer::{Request, Writer};

/// Limits of a journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JournalOptions {
    /// Most bytes on disk; further appends are refused until entries are released.
    pub bytes_max: u64,
    /// Size at which a new segment begins: space comes back a segment at a time.
    pub segment_bytes_max: u64,
    /// Longest entry; below 4 GiB.
    pub entry_bytes_max: usize,
    /// Bytes of appends that share one sync.
    pub group_bytes_max: usize,
    /// Appends that wait for the disk; further ones are refused.
    pub waiting_max: usize,
}

impl Default for JournalOptions {
    fn default() -> Self {
        Self {
            bytes_max: 10 << 30,
            segment_bytes_max: 64 << 20,
            entry_bytes_max: 1 << 30,
            group_bytes_max: 8 << 20,
            waiting_max: 1_024,
        }
    }
}

/// What an earlier process left.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recovery {
    /// Bytes on disk.
    pub bytes: u64,
    /// Number that the next entry will have.
    pub next: u64,
    /// Damage at the end, such as the half of an append that a crash cut off.
    pub damage: Vec<Damage>,
}

/// Told whether an append succeeded: the entry's sequence number, once it is durable.
pub(crate) type Answer = Box<dyn FnOnce(Result<u64, JournalError>) + Send>;

/// An open journal. Cheap to clone; it closes when the last clone is gone.
#[derive(Clone)]
pub struct Journal {
    shared: Arc<Shared>,
    requests: SyncSender<Request>,
}

impl fmt::Debug for Journal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Journal").field("id", &self.shared.id).finish_non_exhaustive()
    }
}

impl Journal {
    /// Opens the journal in a folder, which is made when it is missing, and takes it for this
    /// process. `released` is how far a table says the journal of this name is read: no new entry
    /// gets a number below. Those that are there stay until [`Journal::release`].
    ///
    /// # Errors
    /// `Conflict` when another process has it; `Unavailable` when the file system refuses.
    pub fn open(
        path: &Path,
        options: JournalOptions,
        released: impl FnOnce(Uuid) -> u64,
    ) -> Result<(Self, Recovery), JournalError> {
        let folder = Folder::open(path)?;
        let id = folder.id()?;
        let released = released(id);
        let mut state = State::default();
        for first in folder.segments()? {
            state.segments.insert(first, folder.segment_bytes(first)?);
        }
        let mut recovery = Recovery::default();
        state.end = released;
        if let Some((&first, &bytes)) = state.segments.last_key_value() {
            let end = scan_last(&folder, first, bytes, &mut recovery.damage)?;
            state.end = state.end.max(end);
            if end == first {
                // Nothing of it can be read, and what there was has been set aside.
                folder.remove_segment(first)?;
                state.segments.remove(&first);
            }
        }
        (recovery.next, recovery.bytes) = (state.end, state.bytes());
        state.answered = state.end;
        let next = state.end;
        let (requests, receiver) = sync_channel(options.waiting_max);
        let shared = Arc::new(Shared {
            folder,
            id,
            options,
            state: Mutex::new(state),
            news: Condvar::new(),
            keeper: Keeper::default(),
        });
        let writer = Writer::new(Arc::clone(&shared), receiver, next);
        thread::Builder::new()
            .name("journal-writer".to_owned())
            .spawn(move || writer.run())
            .map_err(JournalError::file("start the writer of", path))?;
        Ok((Self { shared, requests }, recovery))
    }

    /// The journal's name, which stays the same as long as its folder does.
    #[must_use]
    pub fn id(&self) -> Uuid {
        self.shared.id
    }

    /// Appends an entry. `answer` is called on the journal's own thread, with the entry's sequence
    /// number once it is durable, or with what went wrong; it must not block.
    ///
    /// # Errors
    /// The append is refused at once: `Invalid` when the entry is too long, `Unavailable` when the
    /// journal is full, busy or closed. `answer` is not called then.
    pub fn append(
        &self,
        payload: Bytes,
        answer: impl FnOnce(Result<u64, JournalError>) + Send + 'static,
    ) -> Result<(), JournalError> {
        let bytes_max = self.shared.options.entry_bytes_max.min(u32::MAX as usize);
        if payload.len() > bytes_max {
            return Err(JournalError::TooLong { bytes: payload.len(), bytes_max });
        }
        let length = payload.len();
        self.shared.wait_in_line(length)?;
        let request = Request { payload, answer: Box::new(answer) };
        self.requests.try_send(request).map_err(|error| {
            self.shared.no_longer_waiting(1, length);
            match error {
                TrySendError::Full(_) => {
                    JournalError::Busy { waiting: self.shared.options.waiting_max }
                }
                TrySendError::Disconnected(_) => JournalError::Closed,
            }
        })
    }

    /// Reads from a sequence number on.
    #[must_use]
    pub fn reader(&self, from: u64) -> JournalReader {
        JournalReader::new(Arc::clone(&self.shared), from)
    }

    /// Entries below this number are not needed any more; whole segments of them are removed, once
    /// the answers of their appends were called (so do not call this from one) and after what
    /// [`Journal::before_release`] asked for.
    ///
    /// # Errors
    /// `Unavailable` when the file system refuses, or what was asked for fails; calling again tries
    /// again.
    pub fn release(&self, below: u64) -> Result<(), JournalError> {
        self.shared.release(below)
    }

    /// Calls `keep` whenever entries are about to be removed, which they are not when it fails: for
    /// what has to be known of them for longer. By then the answers of their appends were called.
    /// Only the first call of this has an effect.
    pub fn before_release(
        &self,
        keep: impl Fn() -> Result<(), JournalError> + Send + Sync + 'static,
    ) {
        // Whoever comes second is told by the documentation.
        let _ = self.shared.keeper.0.set(Box::new(keep));
    }

    /// What can give space back without keeping the journal open.
    #[must_use]
    pub fn releaser(&self) -> Release {
        Release { shared: Arc::clone(&self.shared) }
    }

    /// Bytes on disk.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.shared.lock().bytes()
    }

    /// Whether four fifths of what it may hold, or of the appends that may wait, are there: whoever
    /// can send elsewhere should.
    #[must_use]
    pub fn is_full(&self) -> bool {
        let state = self.shared.lock();
        let options = &self.shared.options;
        let bytes = state.bytes() + state.waiting_bytes;
        bytes >= options.bytes_max / 5 * 4 || state.waiting >= options.waiting_max / 5 * 4
    }
}

/// Gives space of a journal back, also once it is closed.
#[derive(Debug, Clone)]
pub struct Release {
    shared: Arc<Shared>,
}

impl Release {
    /// As [`Journal::release`].
    ///
    /// # Errors
    /// As [`Journal::release`].
    pub fn release(&self, below: u64) -> Result<(), JournalError> {
        self.shared.release(below)
    }
}

/// Number after the last entry of the newest segment; what cannot be read of it is set aside.
fn scan_last(
    folder: &Folder,
    first: u64,
    bytes: u64,
    damage: &mut Vec<Damage>,
) -> Result<u64, JournalError> {
    let mut scanner = Scanner::open(&folder.segment(first), first)?;
    let mut end = first;
    loop {
        match scanner.step(bytes)? {
            Step::Entry { sequence, .. } => end = end.max(sequence + 1),
            Step::Damage { offset, length, sequence } => {
                damage.push(set_aside(folder, first, offset, length)?);
                end = end.max(sequence.map_or(0, |sequence| sequence + 1));
            }
            Step::End => return Ok(end),
        }
    }
}

type Keep = dyn Fn() -> Result<(), JournalError> + Send + Sync;

/// Called before entries are removed.
#[derive(Default)]
pub(crate) struct Keeper(OnceLock<Box<Keep>>);

impl fmt::Debug for Keeper {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Keeper").field(&self.0.get().is_some()).finish()
    }
}

/// What handles, readers and the writer share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) folder: Folder,
    pub(crate) id: Uuid,
    pub(crate) options: JournalOptions,
    state: Mutex<State>,
    /// Entries were appended, appends were answered, or the journal was closed.
    news: Condvar,
    keeper: Keeper,
}

#[derive(Debug, Default)]
struct State {
    /// Segments by the number of their first entry, with the bytes that are durable.
    segments: BTreeMap<u64, u64>,
    /// Entries below are durable.
    end: u64,
    /// The answers of the appends of entries below were called.
    answered: u64,
    /// Appends, and their bytes, that wait for the disk.
    waiting: usize,
    waiting_bytes: u64,
    closed: bool,
}

/// What a reader may read of a segment.
#[derive(Debug)]
pub(crate) struct Extent {
    /// Number of its first entry.
    pub(crate) first: u64,
    /// Entries of this number and later ones stand elsewhere.
    pub(crate) end: u64,
    /// Durable bytes.
    pub(crate) bytes: u64,
}

impl State {
    fn bytes(&self) -> u64 {
        self.segments.values().sum()
    }

    /// The segment that holds an entry, or the first one behind it.
    fn extent(&self, sequence: u64) -> Option<Extent> {
        let before = self.segments.range(..=sequence).next_back();
        let (&first, &bytes) = before.or_else(|| self.segments.range(sequence..).next())?;
        let following = self.segments.range(first + 1..).next();
        Some(Extent { first, end: following.map_or(self.end, |(&first, _)| first), bytes })
    }

    /// The same, when there is such an entry.
    fn ready(&self, sequence: u64) -> Option<Extent> {
        if sequence < self.end { self.extent(sequence) } else { None }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until there is an entry of this number or a later one, and tells where; `None` when
    /// there will never be one.
    pub(crate) fn wait_for(&self, sequence: u64) -> Option<Extent> {
        let mut state = self.lock();
        loop {
            if let Some(extent) = state.ready(sequence) {
                return Some(extent);
            }
            if state.closed {
                return None;
            }
            state = self.news.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Where there is an entry of this number or a later one, if there is one now.
    pub(crate) fn ready(&self, sequence: u64) -> Option<Extent> {
        self.lock().ready(sequence)
    }

    pub(crate) fn appended(&self, first: u64, bytes: u64, end: u64) {
        let mut state = self.lock();
        state.segments.insert(first, bytes);
        state.end = end;
        self.news.notify_all();
    }

    pub(crate) fn answered(&self, below: u64) {
        self.lock().answered = below;
        self.news.notify_all();
    }

    pub(crate) fn close(&self) {
        self.lock().closed = true;
        self.news.notify_all();
    }

    fn wait_in_line(&self, bytes: usize) -> Result<(), JournalError> {
        let mut state = self.lock();
        let (used, bytes_max) = (state.bytes() + state.waiting_bytes, self.options.bytes_max);
        if used + bytes as u64 > bytes_max {
            return Err(JournalError::Full { bytes: used, bytes_max });
        }
        state.waiting += 1;
        state.waiting_bytes += bytes as u64;
        Ok(())
    }

    pub(crate) fn no_longer_waiting(&self, appends: usize, bytes: usize) {
        let mut state = self.lock();
        state.waiting -= appends;
        state.waiting_bytes -= bytes as u64;
    }

    pub(crate) fn release(&self, below: u64) -> Result<(), JournalError> {
        let removable: Vec<u64> = {
            let mut state = self.lock();
            while state.answered < below.min(state.end) && !state.closed {
                state = self.news.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
            let following = state.segments.keys().skip(1);
            let pairs = state.segments.keys().zip(following);
            pairs.take_while(|(_, next)| **next <= below).map(|(first, _)| *first).collect()
        };
        if !removable.is_empty()
            && let Some(keep) = self.keeper.0.get()
        {
            keep()?;
        }
        for first in removable {
            self.folder.remove_segment(first)?;
            self.lock().segments.remove(&first);
        }
        Ok(())
    }
}
