//! Objects by their exact names, as notifications of a bucket give them: nothing in a name is
//! decoded or taken for a wildcard, and no name stands for what lies below it.

use futures::StreamExt as _;
use object_store::{GetOptions, ObjectStore, path::Path as Key};
use tokio::runtime::Handle;

use crate::error::SourceError;
use crate::files::inputs::{Input, object_url};
use crate::files::listing::{Listed, Skipped, skip_reason};
use crate::files::stores::ObjectStores;

/// Exactly one object of a store.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectName {
    /// Scheme and bucket, for example `s3://bucket`.
    pub root: String,
    /// The key as it is, not encoded.
    pub key: String,
    /// The version, for buckets that keep them; the latest one when absent.
    pub version: Option<String>,
}

impl ObjectName {
    /// The object as a URL: the name of its input, and a text that [`super::list`] understands.
    #[must_use]
    pub fn url(&self) -> String {
        object_url(&self.root, &self.key)
    }
}

/// Asks the store for an object. What a listing of the bucket would leave out is left out here too.
/// Blocking.
///
/// # Errors
/// `NotFound` when the bucket exists and the object does not; all errors name the object's URL.
pub fn look_up(name: &ObjectName, stores: &ObjectStores) -> Result<Listed, SourceError> {
    let url = name.url();
    let key = Key::parse(&name.key).ok().filter(|key| key.as_ref() == name.key);
    let key = key.ok_or_else(|| {
        SourceError::invalid(&url, "its key has empty parts, dots only or control characters")
    })?;
    let store = stores.open(&name.root).map_err(|error| error.about(&url))?;
    let runtime = stores.runtime(&url)?;
    let options = GetOptions { head: true, version: name.version.clone(), ..GetOptions::default() };
    let meta = match runtime.block_on(store.get_opts(&key, options)) {
        Ok(answer) => answer.meta,
        Err(error @ object_store::Error::NotFound { .. }) => {
            check_bucket(runtime, &*store, &key, &url)?;
            return Err(SourceError::store(&url, error));
        }
        Err(error) => return Err(SourceError::store(&url, error)),
    };
    let skipped = |reason| Ok(Listed::Skipped(Skipped { name: url.clone(), reason }));
    if meta.size == 0 {
        return skipped("empty object");
    }
    match key.filename().and_then(skip_reason) {
        Some(reason) => skipped(reason),
        None => Ok(Listed::Input(Input::object(&name.root, meta))),
    }
}

/// Tells an object that is gone from a bucket that is not there (another endpoint, for example):
/// of both a store says `NotFound` when it is asked for one object. What is wrong with the bucket
/// is never told as `NotFound`.
fn check_bucket(
    runtime: &Handle,
    store: &dyn ObjectStore,
    key: &Key,
    url: &str,
) -> Result<(), SourceError> {
    match runtime.block_on(store.list(Some(key)).next()) {
        None | Some(Ok(_)) => Ok(()),
        Some(Err(object_store::Error::NotFound { .. })) => {
            Err(SourceError::invalid(url, "its bucket does not exist"))
        }
        Some(Err(error)) => Err(SourceError::store(url, error)),
    }
}
