//! Requests on their way into the log: which of them can share an entry, which are refused, and
//! writing the entry against other writers.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use uuid::Uuid;

use super::{Between, LogWriter, lock};
use crate::clock::milliseconds;
use crate::error::{LakeError, Result};
use crate::log::commit::Commit;
use crate::log::compose::entry_actions;
use crate::log::entry::{parse_entry, write_entry};
use crate::log::rules::{check, check_metadata};
use crate::log::state::{PositionState, check_writable, missing_entry};

/// Attempts at one log entry. With 16 writers of equal speed the chance to lose them all is below
/// 1e-5.
const ATTEMPTS_MAX: u32 = 200;

/// Attempts that follow each other at once; later ones wait, so that slower writers get a turn.
const ATTEMPTS_WITHOUT_PAUSE: u32 = 10;

/// Longest pause between two attempts.
const PAUSE_MAX: Duration = Duration::from_millis(20);

/// Requests on their way into the log.
pub(super) struct Round<'a> {
    pub(super) commits: &'a [Commit],
    pub(super) answers: Vec<Option<Result<u64>>>,
    /// Files that others removed since the requests were made.
    pub(super) removed: HashSet<String>,
    /// Whether everything up to the newest entry was read in this round.
    pub(super) fresh: bool,
}

impl Round<'_> {
    fn answer(&mut self, index: usize, answer: Result<u64>) {
        if let Some(place) = self.answers.get_mut(index) {
            *place = Some(answer);
        }
    }

    fn answer_all(&mut self, group: &[usize], version: u64) {
        for &index in group {
            self.answer(index, Ok(version));
        }
    }

    fn is_answered(&self) -> bool {
        self.answers.iter().all(Option::is_some)
    }
}

impl LogWriter {
    pub(super) async fn commit_round(&self, round: &mut Round<'_>) -> Result<()> {
        self.load().await?;
        self.note_removed_since_base(round).await?;
        loop {
            self.check_fits()?;
            let group = self.next_group(round).await?;
            if group.is_empty() {
                return Ok(());
            }
            self.append_group(round, &group).await?;
        }
    }

    /// Collects the files removed between the snapshots that requests are based on and now.
    async fn note_removed_since_base(&self, round: &mut Round<'_>) -> Result<()> {
        let with_removes = round.commits.iter().filter(|commit| !commit.removes.is_empty());
        let Some(base) = with_removes.filter_map(|commit| commit.base).min() else { return Ok(()) };
        round.removed.extend(self.advance(None).await?.removed);
        round.fresh = true;
        for version in base + 1..=self.look(|state| state.version)? {
            let bytes: Bytes = self
                .storage
                .read_log_entry(version)
                .await?
                .ok_or_else(|| missing_entry(&self.storage, version))?;
            let mut between = Between::default();
            for action in parse_entry(&self.storage.name, version, &bytes)? {
                between.note(version, &action, None);
            }
            round.removed.extend(between.removed);
        }
        Ok(())
    }

    /// Checks that what Headwater writes fits schema and protocol, once per change of either.
    fn check_fits(&self) -> Result<()> {
        let mut known = lock(&self.known);
        let known = known.as_mut().ok_or_else(|| self.no_table())?;
        let (metadata, protocol) = (&known.state.metadata, &known.state.protocol);
        if let Some((fit_metadata, fit_protocol)) = &known.fits
            && Arc::ptr_eq(fit_metadata, metadata)
            && Arc::ptr_eq(fit_protocol, protocol)
        {
            return Ok(());
        }
        check_metadata(&self.storage.name, metadata)?;
        check_writable(&self.storage.name, protocol)?;
        known.fits = Some((Arc::clone(metadata), Arc::clone(protocol)));
        Ok(())
    }

    /// Takes requests that can share an entry, and answers those that cannot be committed at all.
    async fn next_group(&self, round: &mut Round<'_>) -> Result<Vec<usize>> {
        loop {
            let mut group = Vec::new();
            let mut partitions = HashSet::new();
            let mut refused = Vec::new();
            for (index, commit) in round.commits.iter().enumerate() {
                if round.answers.get(index).is_some_and(Option::is_some) {
                    continue;
                }
                let alone = !commit.is_append() && !group.is_empty();
                let clash = commit.positions.iter().any(|p| partitions.contains(&p.partition));
                if alone || clash {
                    continue;
                }
                match self.look(|state| check(&self.storage.name, state, commit, &round.removed))? {
                    Ok(()) => {
                        group.push(index);
                        partitions
                            .extend(commit.positions.iter().map(|p| Arc::clone(&p.partition)));
                        if !commit.is_append() {
                            break;
                        }
                    }
                    Err(error) => refused.push((index, error)),
                }
            }
            if refused.is_empty() || round.fresh {
                for (index, error) in refused {
                    round.answer(index, Err(error));
                }
                if !group.is_empty() || round.is_answered() {
                    return Ok(group);
                }
                continue;
            }
            // The refusal may come from what is known being out of date.
            round.removed.extend(self.advance(None).await?.removed);
            round.fresh = true;
        }
    }

    /// Appends one entry with a group of requests, or finds out that some of them cannot go
    /// through.
    async fn append_group(&self, round: &mut Round<'_>, group: &[usize]) -> Result<()> {
        let id = Uuid::new_v4().to_string();
        let commits: Vec<&Commit> =
            group.iter().filter_map(|&index| round.commits.get(index)).collect();
        let now_ms = milliseconds(self.options.clock.now());
        let actions = entry_actions(&commits, &id, now_ms);
        let bytes = write_entry(&self.storage.name, &actions)?;
        let mut entry = self.storage.prepare_log_entry(bytes);
        let mut turn = None;
        for attempt in 1..=ATTEMPTS_MAX {
            let version = self.look(|state| state.version)? + 1;
            let outcome = entry.publish(version).await;
            if matches!(outcome, Ok(true)) {
                self.committed(&commits, version, now_ms);
                round.answer_all(group, version);
                return Ok(());
            }
            // Whoever was second once waits for a turn instead of running against all others.
            if turn.is_none() {
                turn = self.storage.take_turn().await;
            }
            let between = self.advance(Some(&id)).await?;
            round.fresh = true;
            if let Some(version) = between.own {
                // The answer to the write was lost, but the entry is there.
                self.checkpoint_if_due(version);
                round.answer_all(group, version);
                return Ok(());
            }
            outcome?;
            round.removed.extend(between.removed);
            self.check_fits()?;
            let refused = |commit: &&Commit| {
                let checked =
                    self.look(|state| check(&self.storage.name, state, commit, &round.removed));
                !matches!(checked, Ok(Ok(())))
            };
            if commits.iter().any(refused) {
                return Ok(());
            }
            pause(attempt).await;
        }
        Err(LakeError::Contention { table: self.storage.name.clone(), attempts: ATTEMPTS_MAX })
    }

    /// Takes note of an own entry.
    fn committed(&self, commits: &[&Commit], version: u64, now_ms: i64) {
        if let Some(known) = lock(&self.known).as_mut() {
            known.state.version = version;
            known.contact = self.options.clock.now();
            for commit in commits {
                let updated_ms = if commit.positions_expired { 0 } else { now_ms };
                for position in &commit.positions {
                    let state = PositionState { offset: position.offset, updated_ms };
                    known.state.positions.insert(Arc::clone(&position.partition), state);
                }
            }
        }
        self.checkpoint_if_due(version);
    }
}

/// Waits a random time that grows with the attempts, so that competing writers fall out of step.
async fn pause(attempt: u32) {
    let counted = attempt.saturating_sub(ATTEMPTS_WITHOUT_PAUSE);
    if counted == 0 {
        return;
    }
    let longest = Duration::from_millis(u64::from(counted)).min(PAUSE_MAX);
    let (random, _) = Uuid::new_v4().as_u64_pair();
    let share = u32::try_from(random >> 40).unwrap_or(0);
    tokio::time::sleep(longest.mul_f64(f64::from(share) / f64::from(1_u32 << 24))).await;
}
