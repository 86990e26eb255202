//! Group commit: many writers of one process hand their commits to one task, which puts all that
//! wait into one log entry. Without it every writer would compete for the next version.

use tokio::sync::{mpsc, oneshot};

use crate::error::{LakeError, Result};
use crate::log::commit::Commit;
use crate::table::Table;

/// Commits that wait for the task; further ones wait for a place.
const WAITING_MAX: usize = 256;

/// Commits that go into one log entry at most.
const GROUP_MAX: usize = 128;

/// Hands commits to the task that writes them. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Committer {
    requests: mpsc::Sender<Request>,
}

/// The task behind a `Committer`: run it on a task of its own.
#[derive(Debug)]
pub struct CommitterTask {
    table: Table,
    requests: mpsc::Receiver<Request>,
}

#[derive(Debug)]
struct Request {
    commit: Commit,
    answer: oneshot::Sender<Result<u64>>,
}

impl Committer {
    /// A committer for a table and the task that must run for it to work.
    #[must_use]
    pub fn new(table: Table) -> (Self, CommitterTask) {
        let (sender, requests) = mpsc::channel(WAITING_MAX);
        (Self { requests: sender }, CommitterTask { table, requests })
    }

    /// Commits, together with whatever else waits, and tells the version. Waits while too many
    /// commits wait already. When the caller stops waiting, the commit may still go through.
    ///
    /// # Errors
    /// As `Table::commit`; `Internal` when the task has ended.
    pub async fn commit(&self, commit: Commit) -> Result<u64> {
        let ended = || LakeError::Task { action: "commit", source: None };
        let (answer, answered) = oneshot::channel();
        self.requests.send(Request { commit, answer }).await.map_err(|_| ended())?;
        answered.await.map_err(|_| ended())?
    }
}

impl CommitterTask {
    /// Commits until every clone of the committer is gone and nothing waits any more.
    pub async fn run(mut self) {
        let mut waiting = Vec::new();
        while self.requests.recv_many(&mut waiting, GROUP_MAX).await > 0 {
            let (commits, answers): (Vec<_>, Vec<_>) =
                waiting.drain(..).map(|request| (request.commit, request.answer)).unzip();
            let results = self.table.commit_all(&commits).await;
            for (answer, result) in answers.into_iter().zip(results) {
                // Nobody waits for the answer any more: nothing to do.
                let _ = answer.send(result);
            }
        }
        self.table.settle().await;
    }
}
