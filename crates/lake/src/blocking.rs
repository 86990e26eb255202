//! Work that computes or blocks for long, kept away from the threads that serve everything else.

use std::future::Future;

use crate::error::{LakeError, Result};

/// Runs asynchronous work to its end on a blocking thread of its own. The work may block at will,
/// also on a runtime with a single thread.
pub(crate) async fn isolated<T, F>(
    action: &'static str,
    work: impl FnOnce() -> F + Send + 'static,
) -> Result<T>
where
    T: Send + 'static,
    F: Future<Output = Result<T>>,
{
    let runtime = tokio::runtime::Handle::current();
    let running = tokio::task::spawn_blocking(move || runtime.block_on(work()));
    running.await.map_err(LakeError::task(action))?
}
