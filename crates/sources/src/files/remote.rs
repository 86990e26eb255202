//! Reads an object as a stream: a few ranges ahead of the reader, in order, each retried by the
//! store's client on its own, all of the same version of the object.

use std::io::{self, Read};
use std::ops::Range;
use std::sync::Arc;

use bytes::{Buf, Bytes};
use futures::{StreamExt, stream};
use object_store::{GetOptions, GetRange, ObjectStore, path::Path as Key};
use tokio::sync::mpsc;
use tokio::task::AbortHandle;

use crate::error::SourceError;
use crate::files::inputs::{Input, Location};
use crate::files::stores::ObjectStores;

/// Bytes per request.
const RANGE_BYTES: u64 = 8 << 20;
/// Requests under way at a time; with the range being read and the one waiting this bounds memory
/// to 48 MiB per object.
const RANGES_AHEAD: usize = 4;

/// The content of an object.
pub(crate) struct RemoteReader {
    receiver: mpsc::Receiver<Result<Bytes, SourceError>>,
    current: Bytes,
    name: Arc<str>,
    bytes_left: u64,
    task: AbortHandle,
}

impl RemoteReader {
    /// Starts to fetch; blocking reads follow, on a thread that runs no async tasks.
    pub(crate) fn open(input: &Input, stores: &ObjectStores) -> Result<Self, SourceError> {
        let name = Arc::clone(input.name());
        let Location::Object { root, key, e_tag, version } = input.location() else {
            return Err(SourceError::invalid(&name, "not an object"));
        };
        let store = stores.open(root)?;
        let size = input.size().unwrap_or_default();
        let fetch = Fetch {
            store,
            key: key.clone(),
            e_tag: e_tag.clone(),
            version: version.clone(),
            name: Arc::clone(&name),
        };
        let (sender, receiver) = mpsc::channel(1);
        let task = stores.runtime(&name)?.spawn(async move {
            let fetch = &fetch;
            let parts = stream::iter(ranges(size)).map(|range| fetch.range(range));
            let mut parts = parts.buffered(RANGES_AHEAD);
            while let Some(part) = parts.next().await {
                let is_error = part.is_err();
                if sender.send(part).await.is_err() || is_error {
                    break;
                }
            }
        });
        let task = task.abort_handle();
        Ok(Self { receiver, current: Bytes::new(), name, bytes_left: size, task })
    }
}

impl Drop for RemoteReader {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Read for RemoteReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.current.is_empty() {
            if self.bytes_left == 0 {
                return Ok(0);
            }
            let part = self
                .receiver
                .blocking_recv()
                .unwrap_or_else(|| Err(SourceError::Stopped { input: self.name.to_string() }));
            self.current = part.map_err(io::Error::other)?;
            let length = u64::try_from(self.current.len()).unwrap_or(u64::MAX);
            self.bytes_left = self.bytes_left.saturating_sub(length);
        }
        let length = self.current.len().min(buffer.len());
        let target = buffer.get_mut(..length).unwrap_or_default();
        self.current.copy_to_slice(target);
        Ok(length)
    }
}

struct Fetch {
    store: Arc<dyn ObjectStore>,
    key: Key,
    e_tag: Option<String>,
    version: Option<String>,
    name: Arc<str>,
}

impl Fetch {
    async fn range(&self, range: Range<u64>) -> Result<Bytes, SourceError> {
        let wanted = range.end - range.start;
        let options = GetOptions {
            if_match: self.e_tag.clone(),
            version: self.version.clone(),
            range: Some(GetRange::Bounded(range)),
            ..GetOptions::default()
        };
        let failed = |error| SourceError::store(&self.name, error);
        let answer = self.store.get_opts(&self.key, options).await.map_err(failed)?;
        let bytes = answer.bytes().await.map_err(failed)?;
        if u64::try_from(bytes.len()).ok() == Some(wanted) {
            Ok(bytes)
        } else {
            Err(SourceError::Changed { input: self.name.to_string() })
        }
    }
}

fn ranges(size: u64) -> impl Iterator<Item = Range<u64>> {
    let mut start = 0;
    std::iter::from_fn(move || {
        let end = (start + RANGE_BYTES).min(size);
        let range = start..end;
        start = end;
        (!range.is_empty()).then_some(range)
    })
}
