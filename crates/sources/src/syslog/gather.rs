//! Puts the messages of all connections into batches and gives them to the intake, so that an entry
//! of the journal holds many.

use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};

use super::SyslogOptions;
use super::run::Run;
use crate::intake::{Intake, Refusal};

/// Runs that wait to be gathered; whoever reads more waits as well.
pub(super) const RUNS_WAITING_MAX: usize = 64;

/// Gathers until nobody sends any more and everything is stored. While the intake refuses, nothing
/// is taken from the senders.
///
/// # Errors
/// What was gathered can never be stored: the intake is closed, or a batch is larger than an entry
/// of the journal may be.
pub(super) async fn gather(
    mut runs: mpsc::Receiver<Run>,
    intake: &Intake,
    options: &SyslogOptions,
) -> Result<(), Refusal> {
    while let Some(mut gathered) = runs.recv().await {
        let deadline = Instant::now() + options.batch_age;
        while gathered.bytes() < options.batch_bytes {
            match timeout_at(deadline, runs.recv()).await {
                Ok(Some(run)) => gathered.append(&run),
                Ok(None) | Err(_) => break,
            }
        }
        let batch = gathered.into_batch(options.source.as_ref());
        intake.accept_patiently(super::SOURCE, batch).await?;
    }
    Ok(())
}
