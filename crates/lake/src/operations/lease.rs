//! The right to compact a table, held by one process at a time.
//!
//! The lease is a position in the log, moved by compare-and-set: taking it moves it, and so does
//! every commit made under it. A process that was paused for so long that another one took over
//! therefore cannot commit any more, however late it wakes up. Without this, two compactions of the
//! same files could both go through under the rules of Delta, and double the rows.

use std::time::Duration;

use crate::clock::milliseconds;
use crate::error::{LakeError, Result};
use crate::log::commit::{Commit, Operation, PositionAdvance};
use crate::table::Table;

/// The position that stands for the lease (Delta `appId`).
const COMPACTOR: &str = "headwater/lease/compactor";

/// After this time without a commit of its holder a lease can be taken over.
pub(super) const LEASE_DURATION: Duration = Duration::from_secs(600);

/// Renewals within the duration of a lease whose holder works without commits.
const RENEWALS: u128 = 4;

/// A lease that this process took.
#[derive(Debug)]
pub(super) struct Lease {
    table: Table,
    epoch: i64,
    /// When this process last committed under it.
    renewed_ms: i64,
}

impl Lease {
    /// Takes the lease, unless another process holds it and committed within `duration`.
    ///
    /// # Errors
    /// `Unavailable` when another process holds it.
    pub(super) async fn take(table: &Table, duration: Duration, owner: &str) -> Result<Self> {
        let current = table.log().current(|state| state.position(COMPACTOR)).await?;
        let now_ms = milliseconds(table.options().clock.now());
        if let Some(current) = current {
            let age = u128::try_from(now_ms.saturating_sub(current.updated_ms)).unwrap_or(0);
            if age < duration.as_millis() {
                return Err(held(table, current.offset));
            }
        }
        let expected = current.map(|current| current.offset);
        let epoch = expected.unwrap_or(0) + 1;
        let mut commit = Commit::append(Vec::new(), vec![advance(expected, epoch)]);
        commit.operation = Operation::Lease;
        commit.parameters = [("owner".to_owned(), owner.to_owned())].into();
        match table.commit(commit).await {
            Ok(_) => Ok(Self { table: table.clone(), epoch, renewed_ms: now_ms }),
            Err(LakeError::PositionConflict { .. }) => Err(held(table, epoch)),
            Err(error) => Err(error),
        }
    }

    /// Commits under the lease and renews it in the same step.
    ///
    /// # Errors
    /// `Unavailable` when another process took the lease over; as `Table::commit` otherwise.
    pub(super) async fn commit(&mut self, mut commit: Commit) -> Result<u64> {
        commit.positions.push(advance(Some(self.epoch), self.epoch + 1));
        match self.table.commit(commit).await {
            Ok(version) => {
                self.epoch += 1;
                self.renewed_ms = milliseconds(self.table.options().clock.now());
                Ok(version)
            }
            Err(LakeError::PositionConflict { partition, .. }) if partition == COMPACTOR => {
                Err(held(&self.table, self.epoch))
            }
            Err(error) => Err(error),
        }
    }

    /// Keeps the lease over long work without commits: renews it once a good part of `duration` is
    /// over.
    ///
    /// # Errors
    /// As `commit`.
    pub(super) async fn keep(&mut self, duration: Duration) -> Result<()> {
        let age = milliseconds(self.table.options().clock.now()).saturating_sub(self.renewed_ms);
        if u128::try_from(age).unwrap_or(0) * RENEWALS < duration.as_millis() {
            return Ok(());
        }
        let mut commit = Commit::append(Vec::new(), Vec::new());
        commit.operation = Operation::Lease;
        self.commit(commit).await.map(|_| ())
    }

    /// Gives the lease back, so that nobody has to wait for it to run out.
    ///
    /// # Errors
    /// As `Table::commit`; the lease then runs out by itself.
    pub(super) async fn release(mut self) -> Result<()> {
        let mut commit = Commit::append(Vec::new(), Vec::new());
        commit.operation = Operation::Lease;
        commit.parameters = [("released".to_owned(), "true".to_owned())].into();
        commit.positions_expired = true;
        self.commit(commit).await.map(|_| ())
    }
}

fn advance(expected: Option<i64>, offset: i64) -> PositionAdvance {
    PositionAdvance { partition: COMPACTOR.into(), expected, offset }
}

fn held(table: &Table, epoch: i64) -> LakeError {
    LakeError::LeaseHeld { table: table.name().to_owned(), epoch }
}
