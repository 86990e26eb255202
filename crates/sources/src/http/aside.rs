//! Where bodies are decompressed and parsed: small ones on the spot, large ones where they keep no
//! other request waiting.

use std::sync::LazyLock;

use tokio::sync::Semaphore;

use crate::intake::Refusal;

/// Bodies that are parsed on the spot, in bytes: about a millisecond. Larger ones are parsed on a
/// thread for blocking work.
const SMALL_BYTES: usize = 64 << 10;

/// As many large bodies are worked on at a time as there are processors: more would not be faster,
/// and every thread that ever held a large body makes the allocator keep as much.
static PLACES: LazyLock<Semaphore> = LazyLock::new(|| {
    Semaphore::new(std::thread::available_parallelism().map_or(2, std::num::NonZero::get))
});

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
    let place = PLACES.acquire().await.map_err(|_| Refusal::Closing)?;
    // The place is taken for as long as the work goes on, also when nobody waits for it any more.
    let work = move || {
        let done = work();
        drop(place);
        done
    };
    tokio::task::spawn_blocking(work).await.map_err(|_| Refusal::Closing)
}
