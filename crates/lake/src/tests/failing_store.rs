//! An object store that writes a log entry but loses the answer, as a broken connection would.

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use futures::stream::BoxStream;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta,
    ObjectStore, PutMode, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};

/// What the next conditional write answers although it succeeded.
#[derive(Debug, Clone, Copy)]
pub(super) enum LostAnswer {
    /// The connection broke.
    Broken,
    /// A retry below found the object of the first attempt.
    AlreadyExists,
}

#[derive(Debug)]
pub(super) struct ForgetfulStore {
    inner: InMemory,
    answer: LostAnswer,
    losses: AtomicUsize,
}

impl ForgetfulStore {
    pub(super) fn new(answer: LostAnswer) -> Self {
        Self { inner: InMemory::new(), answer, losses: AtomicUsize::new(0) }
    }

    /// Loses the answers of the next writes.
    pub(super) fn lose(&self, answers: usize) {
        self.losses.store(answers, Ordering::SeqCst);
    }
}

impl fmt::Display for ForgetfulStore {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("forgetful store")
    }
}

#[async_trait]
impl ObjectStore for ForgetfulStore {
    async fn put_opts(
        &self,
        location: &Path,
        payload: PutPayload,
        options: PutOptions,
    ) -> Result<PutResult> {
        let is_entry = options.mode == PutMode::Create;
        let stored = self.inner.put_opts(location, payload, options).await?;
        let left = self.losses.load(Ordering::SeqCst);
        if !is_entry || left == 0 {
            return Ok(stored);
        }
        self.losses.store(left - 1, Ordering::SeqCst);
        Err(match self.answer {
            LostAnswer::Broken => Error::Generic { store: "test", source: "broken".into() },
            LostAnswer::AlreadyExists => {
                Error::AlreadyExists { path: location.to_string(), source: "retried".into() }
            }
        })
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.inner.put_multipart_opts(location, options).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.inner.get_opts(location, options).await
    }

    fn delete_stream(
        &self,
        locations: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        self.inner.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.inner.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.inner.copy_opts(from, to, options).await
    }
}
