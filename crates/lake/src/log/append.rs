//! Appending to the log. A commit is written as the next version if nobody else was first; whoever
//! was second reads only the entries that came between, checks that they do not contradict its own,
//! and tries the version after them. The cost of a commit therefore depends on how many writers
//! compete, not on the size of the table.
//!
//! Exactly once: positions are compared and set. A commit whose positions are not those of the
//! table is refused, whether they were moved long ago or by the entry that came between.

mod round;

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use headwater_event::Timestamp;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use uuid::Uuid;

use self::round::Round;
use crate::clock::milliseconds;
use crate::delta;
use crate::error::{LakeError, Result};
use crate::lake::LakeOptions;
use crate::log::checkpoint::read_hint;
use crate::log::commit::{Commit, Operation};
use crate::log::entry::{Action, CommitInfo, ENGINE, Metadata, Protocol, decode_path, write_entry};
use crate::log::rules::widened;
use crate::log::state::{LogState, missing_entry};
use crate::log::tail::read_after;
use crate::storage::TableStorage;

/// After this time without contact the log may have been cleaned up behind the known version, which
/// the next entry alone does not show.
const CONTACT_AGE_MAX_MICROS: i64 = 3_600_000_000;

/// Appends to one table's log and knows what the log adds up to.
#[derive(Debug)]
pub(crate) struct LogWriter {
    pub(crate) storage: TableStorage,
    pub(crate) options: LakeOptions,
    /// One commit of this handle is under way at a time: two would only compete with each other.
    turn: Semaphore,
    known: Mutex<Option<Known>>,
    /// Checkpoints under way; stopped when the handle goes.
    checkpoints: Mutex<JoinSet<()>>,
}

/// The log as far as it was read.
#[derive(Debug)]
struct Known {
    state: LogState,
    contact: Timestamp,
    /// Schema and protocol that were found to fit this writer.
    fits: Option<(Arc<Metadata>, Arc<Protocol>)>,
}

/// What the entries that came between say.
#[derive(Debug, Default)]
struct Between {
    /// Files that were removed.
    removed: HashSet<String>,
    /// Version of the entry with the identity that was looked for.
    own: Option<u64>,
}

impl LogWriter {
    pub(crate) fn new(storage: TableStorage, options: LakeOptions) -> Self {
        Self {
            storage,
            options,
            turn: Semaphore::new(1),
            known: Mutex::new(None),
            checkpoints: Mutex::new(JoinSet::new()),
        }
    }

    /// Brings the known state up to date and looks at it.
    ///
    /// # Errors
    /// `NotFound` when there is no table; whatever the storage answers.
    pub(crate) async fn current<T>(&self, look: impl FnOnce(&LogState) -> T) -> Result<T> {
        let _turn = self.take_turn().await;
        self.load().await?;
        self.advance(None).await?;
        self.look(look)
    }

    /// Looks at the known state, brought up to date only when it is older than `age`.
    ///
    /// # Errors
    /// As `current`.
    pub(crate) async fn recent<T>(
        &self,
        age: Duration,
        look: impl FnOnce(&LogState) -> T,
    ) -> Result<T> {
        let now = self.options.clock.now().as_micros();
        let contact = lock(&self.known).as_ref().map(|known| known.contact.as_micros());
        let known_for = contact.and_then(|contact| u128::try_from(now - contact).ok());
        if known_for.is_some_and(|micros| micros <= age.as_micros()) {
            return self.look(look);
        }
        self.current(look).await
    }

    /// Commits each request, as many of them in one entry as do not depend on each other. The
    /// answers are in the order of the requests; a conflict of one does not affect the others.
    pub(crate) async fn commit(&self, commits: &[Commit]) -> Vec<Result<u64>> {
        let _turn = self.take_turn().await;
        let mut round = Round {
            commits,
            answers: commits.iter().map(|_| None).collect(),
            removed: HashSet::new(),
            fresh: false,
        };
        if let Err(error) = self.commit_round(&mut round).await {
            let error = Arc::new(error);
            for answer in round.answers.iter_mut().filter(|answer| answer.is_none()) {
                *answer = Some(Err(LakeError::Shared(Arc::clone(&error))));
            }
        }
        let unanswered = || LakeError::Task { action: "commit", source: None };
        round
            .answers
            .into_iter()
            .map(|answer| answer.unwrap_or_else(|| Err(unanswered())))
            .collect()
    }

    /// Writes version 0. `false` means that the table exists.
    ///
    /// # Errors
    /// Whatever the storage answers.
    pub(crate) async fn create(&self, metadata: Metadata, protocol: Protocol) -> Result<bool> {
        let _turn = self.take_turn().await;
        if let Some(state) = LogState::load(&self.storage).await? {
            self.know(state);
            return Ok(false);
        }
        let actions = [
            self.information(Operation::Create),
            Action { protocol: Some(protocol), ..Action::default() },
            Action { meta_data: Some(metadata), ..Action::default() },
        ];
        let bytes = write_entry(&self.storage.name, &actions)?;
        let published = self.storage.prepare_log_entry(bytes).publish(0).await?;
        let state = LogState::load(&self.storage).await?;
        self.know(state.ok_or_else(|| missing_entry(&self.storage, 0))?);
        Ok(published)
    }

    /// Adds the columns that the table lacks: tables of older versions do.
    ///
    /// # Errors
    /// Whatever the storage answers.
    pub(crate) async fn widen(&self) -> Result<()> {
        let _turn = self.take_turn().await;
        let missing = || missing_entry(&self.storage, 0);
        loop {
            let state = LogState::load(&self.storage).await?.ok_or_else(missing)?;
            let wider = widened(&self.storage.name, &state.metadata)?;
            let version = state.version + 1;
            self.know(state);
            let Some(metadata) = wider else { return Ok(()) };
            let action = Action { meta_data: Some(metadata), ..Action::default() };
            let bytes =
                write_entry(&self.storage.name, &[self.information(Operation::Widen), action])?;
            // Whoever was faster may have added them: the state tells.
            self.storage.prepare_log_entry(bytes).publish(version).await?;
        }
    }

    fn information(&self, operation: Operation) -> Action {
        let information = CommitInfo {
            timestamp: Some(milliseconds(self.options.clock.now())),
            operation: Some(operation.name().to_owned()),
            engine_info: Some(ENGINE.to_owned()),
            is_blind_append: Some(operation == Operation::Create),
            txn_id: Some(Uuid::new_v4().to_string()),
            ..CommitInfo::default()
        };
        Action { commit_info: Some(information), ..Action::default() }
    }

    /// Waits for checkpoints that are under way.
    pub(crate) async fn settle(&self) {
        let mut running = std::mem::take(&mut *lock(&self.checkpoints));
        while running.join_next().await.is_some() {}
    }

    async fn take_turn(&self) -> Option<tokio::sync::SemaphorePermit<'_>> {
        // The semaphore is never closed, so this always gets its permit.
        self.turn.acquire().await.ok()
    }

    fn know(&self, state: LogState) {
        let contact = self.options.clock.now();
        *lock(&self.known) = Some(Known { state, contact, fits: None });
    }

    fn look<T>(&self, look: impl FnOnce(&LogState) -> T) -> Result<T> {
        let known = lock(&self.known);
        let known = known.as_ref().ok_or_else(|| self.no_table())?;
        Ok(look(&known.state))
    }

    fn no_table(&self) -> LakeError {
        LakeError::NoTable { table: self.storage.name.clone() }
    }

    /// Makes sure that the log was read at all, and not so long ago that it may have been cleaned
    /// up.
    async fn load(&self) -> Result<()> {
        let now = self.options.clock.now().as_micros();
        let (version, contact) = match lock(&self.known).as_ref() {
            None => (None, now),
            Some(known) => (Some(known.state.version), known.contact.as_micros()),
        };
        if let Some(version) = version {
            let recent = now.saturating_sub(contact) < CONTACT_AGE_MAX_MICROS;
            if recent || read_hint(&self.storage).await?.is_none_or(|hint| hint <= version) {
                return Ok(());
            }
        }
        let state = LogState::load(&self.storage).await?.ok_or_else(|| self.no_table())?;
        self.know(state);
        Ok(())
    }

    /// Reads the entries that others added.
    async fn advance(&self, own_id: Option<&str>) -> Result<Between> {
        let version = self.look(|state| state.version)?;
        let mut between = Between::default();
        read_after(&self.storage, version, |version, bytes| {
            let mut known = lock(&self.known);
            let known = known.as_mut().ok_or_else(|| self.no_table())?;
            for action in known.state.apply_entry(&self.storage, version, &bytes)? {
                between.note(version, &action, own_id);
            }
            Ok(())
        })
        .await?;
        if let Some(known) = lock(&self.known).as_mut() {
            known.contact = self.options.clock.now();
        }
        Ok(between)
    }

    /// Starts a checkpoint at every multiple of the interval, and after twice the interval when
    /// there is none (whoever wrote the multiple may have been killed). It runs beside later
    /// commits; a failure is logged and left to the next one.
    fn checkpoint_if_due(&self, version: u64) {
        let interval = self.options.checkpoint_interval.max(1);
        let mut known = lock(&self.known);
        let Some(known) = known.as_mut() else { return };
        let since = version.saturating_sub(known.state.checkpoint.unwrap_or(0));
        let is_due = version.is_multiple_of(interval);
        if !is_due && since < 2 * interval {
            return;
        }
        let mut running = lock(&self.checkpoints);
        while running.try_join_next().is_some() {}
        if !running.is_empty() {
            return;
        }
        known.state.checkpoint = Some(version);
        let storage = self.storage.clone();
        running.spawn(async move {
            // Others' checkpoints are not in the log: only the hint tells of them.
            if !is_due
                && let Ok(Some(hint)) = read_hint(&storage).await
                && version.saturating_sub(hint) < 2 * interval
            {
                return;
            }
            if let Err(error) = delta::write_checkpoint(&storage, version).await {
                let error: &dyn std::error::Error = &error;
                tracing::warn!(
                    table = storage.name,
                    version,
                    error,
                    "failed to write a checkpoint"
                );
            }
        });
    }
}

impl Between {
    fn note(&mut self, version: u64, action: &Action, own_id: Option<&str>) {
        if let Some(remove) = &action.remove {
            self.removed.insert(decode_path(&remove.path));
        }
        let id = action.commit_info.as_ref().and_then(|info| info.txn_id.as_deref());
        if own_id.is_some() && id == own_id {
            self.own = Some(version);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
