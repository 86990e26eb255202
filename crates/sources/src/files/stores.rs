//! The object stores behind `s3://`, `gs://` and `az://`: opened once per bucket, with the settings
//! that the caller passes in. Nothing is read from the environment here.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use object_store::ObjectStore;
use tokio::runtime::Handle;
use url::Url;

use crate::error::SourceError;

/// Schemes that name an object store.
pub(crate) const SCHEMES: [&str; 8] = ["s3", "s3a", "gs", "az", "azure", "adl", "abfs", "abfss"];

/// Opens and keeps object stores. Cheap to clone.
#[derive(Clone)]
pub struct ObjectStores {
    inner: Arc<Inner>,
}

struct Inner {
    runtime: Option<Handle>,
    options: Vec<(String, String)>,
    opened: Mutex<BTreeMap<String, Arc<dyn ObjectStore>>>,
}

impl ObjectStores {
    /// No object stores: URLs of buckets are refused.
    #[must_use]
    pub fn none() -> Self {
        Self::with(None, Vec::new())
    }

    /// Stores that run their requests on `runtime`. `options` are keys and values as crate
    /// `object_store` names them (`aws_region`, `aws_endpoint`, `azure_storage_account_name` …);
    /// each store takes the keys that it knows. The blocking functions of this crate must not be
    /// called on a thread of that runtime that runs async tasks.
    #[must_use]
    pub fn new(runtime: Handle, options: impl IntoIterator<Item = (String, String)>) -> Self {
        Self::with(Some(runtime), options.into_iter().collect())
    }

    fn with(runtime: Option<Handle>, options: Vec<(String, String)>) -> Self {
        let opened = Mutex::new(BTreeMap::new());
        Self { inner: Arc::new(Inner { runtime, options, opened }) }
    }

    /// Uses `store` for everything under `root` (for example `s3://bucket`) instead of opening one.
    pub fn register(&self, root: &str, store: Arc<dyn ObjectStore>) {
        let mut opened = self.inner.opened.lock().unwrap_or_else(PoisonError::into_inner);
        opened.insert(root.to_owned(), store);
    }

    pub(crate) fn open(&self, root: &str) -> Result<Arc<dyn ObjectStore>, SourceError> {
        let mut opened = self.inner.opened.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(store) = opened.get(root) {
            return Ok(Arc::clone(store));
        }
        let url =
            Url::parse(root).map_err(|error| SourceError::invalid(root, error.to_string()))?;
        let options = self.inner.options.iter().map(|(key, value)| (key, value.clone()));
        let (store, _) = object_store::parse_url_opts(&url, options)
            .map_err(|source| SourceError::store(root, source))?;
        let store: Arc<dyn ObjectStore> = Arc::from(store);
        opened.insert(root.to_owned(), Arc::clone(&store));
        Ok(store)
    }

    pub(crate) fn runtime(&self, input: &str) -> Result<&Handle, SourceError> {
        self.inner
            .runtime
            .as_ref()
            .ok_or_else(|| SourceError::invalid(input, "object stores are not available here"))
    }
}

impl fmt::Debug for ObjectStores {
    /// Options hold secrets: only their names are shown.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.inner.options.iter().map(|(key, _)| key.as_str()).collect();
        formatter.debug_struct("ObjectStores").field("options", &names).finish_non_exhaustive()
    }
}
