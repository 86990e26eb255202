//! An object store in memory that counts what is asked of it, and answers as late as a remote one.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use futures::stream::BoxStream;
use futures::{FutureExt as _, StreamExt as _};
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};

/// The store; clones count together.
#[derive(Debug, Clone, Default)]
pub struct CountedStore {
    inner: Arc<InMemory>,
    reads: Arc<AtomicU64>,
    log_reads: Arc<AtomicU64>,
    /// Microseconds until an answer begins.
    latency: Arc<AtomicU64>,
}

impl CountedStore {
    /// Requests that read or list since the last call, and how many of them the logs of tables.
    #[must_use]
    pub fn take_reads(&self) -> (u64, u64) {
        (self.reads.swap(0, Ordering::SeqCst), self.log_reads.swap(0, Ordering::SeqCst))
    }

    /// Lets every reading request wait from now on.
    pub fn set_latency(&self, latency: Duration) {
        let micros = u64::try_from(latency.as_micros()).unwrap_or(u64::MAX);
        self.latency.store(micros, Ordering::SeqCst);
    }

    async fn asked(&self, place: Option<&Path>) {
        self.reads.fetch_add(1, Ordering::SeqCst);
        if place.is_some_and(|place| place.as_ref().contains("_delta_log")) {
            self.log_reads.fetch_add(1, Ordering::SeqCst);
        }
        let latency = self.latency.load(Ordering::SeqCst);
        if latency > 0 {
            tokio::time::sleep(Duration::from_micros(latency)).await;
        }
    }
}

impl fmt::Display for CountedStore {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("counted store")
    }
}

#[async_trait]
impl ObjectStore for CountedStore {
    async fn put_opts(
        &self,
        location: &Path,
        payload: PutPayload,
        options: PutOptions,
    ) -> Result<PutResult> {
        self.inner.put_opts(location, payload, options).await
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.inner.put_multipart_opts(location, options).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.asked(Some(location)).await;
        self.inner.get_opts(location, options).await
    }

    fn delete_stream(
        &self,
        locations: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        self.inner.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        let (store, listed) = (self.clone(), self.inner.list(prefix));
        let place = prefix.cloned();
        let asked = async move { store.asked(place.as_ref()).await };
        asked.map(move |()| listed).flatten_stream().boxed()
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.asked(prefix).await;
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.inner.copy_opts(from, to, options).await
    }
}
