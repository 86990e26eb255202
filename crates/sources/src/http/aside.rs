//! Where bodies are parsed: small ones on the spot, large ones where they keep no other request
//! waiting.

use crate::intake::Refusal;

/// Bodies that are parsed on the spot, in bytes: about a millisecond. Larger ones are parsed on a
/// thread for blocking work.
const SMALL_BYTES: usize = 64 << 10;

/// Does the work on a body of this length.
///
/// # Errors
/// `Closing` when the runtime ends meanwhile.
pub(crate) async fn aside<T: Send + 'static>(
    body_bytes: usize,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Refusal> {
    if body_bytes <= SMALL_BYTES {
        return Ok(work());
    }
    tokio::task::spawn_blocking(work).await.map_err(|_| Refusal::Closing)
}
