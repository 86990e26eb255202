//! From a path or URL, with options, to an object store.

use std::collections::BTreeMap;
use std::sync::Arc;

use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::azure::{AzureConfigKey, MicrosoftAzureBuilder};
use object_store::gcp::{GoogleCloudStorageBuilder, GoogleConfigKey};
use object_store::local::LocalFileSystem;
use object_store::memory::InMemory;
use object_store::{ObjectStore, ObjectStoreScheme};
use url::Url;

use crate::error::{LakeError, Result};

/// A plain path is a local folder; anything with `://` is a URL.
pub(super) fn parse_location(location: &str) -> Result<Url> {
    let unusable = |reason: String| LakeError::Location { url: location.to_owned(), reason };
    if location.contains("://") {
        return Url::parse(location).map_err(|error| unusable(error.to_string()));
    }
    if location.is_empty() {
        return Err(unusable("it is empty".to_owned()));
    }
    let absolute = std::path::absolute(location).map_err(|error| unusable(error.to_string()))?;
    Url::from_directory_path(absolute)
        .map_err(|()| unusable("it cannot be written as a URL".to_owned()))
}

/// Makes the object store for a URL. Does no I/O.
pub(super) fn open_store(
    url: &Url,
    options: &BTreeMap<String, String>,
) -> Result<Arc<dyn ObjectStore>> {
    let unusable =
        |reason: &str| LakeError::Location { url: url.to_string(), reason: reason.to_owned() };
    let (scheme, _) = ObjectStoreScheme::parse(url)
        .map_err(|_| unusable("use a path, or a URL with file, s3, gs, az, abfss or memory"))?;
    let failed = LakeError::storage("open", url);
    match (scheme, url.scheme()) {
        (ObjectStoreScheme::Local, _) => {
            no_options(url, options)?;
            Ok(Arc::new(LocalFileSystem::new()))
        }
        (ObjectStoreScheme::Memory, _) => {
            no_options(url, options)?;
            Ok(Arc::new(InMemory::new()))
        }
        (ObjectStoreScheme::AmazonS3, "s3" | "s3a") => {
            let mut builder = AmazonS3Builder::new().with_url(url.as_str());
            for (key, value) in options {
                builder = builder.with_config(option_key::<AmazonS3ConfigKey>(url, key)?, value);
            }
            Ok(Arc::new(builder.build().map_err(failed)?))
        }
        (ObjectStoreScheme::GoogleCloudStorage, _) => {
            let mut builder = GoogleCloudStorageBuilder::new().with_url(url.as_str());
            for (key, value) in options {
                builder = builder.with_config(option_key::<GoogleConfigKey>(url, key)?, value);
            }
            Ok(Arc::new(builder.build().map_err(failed)?))
        }
        (ObjectStoreScheme::MicrosoftAzure, "az" | "adl" | "azure" | "abfs" | "abfss") => {
            let mut builder = MicrosoftAzureBuilder::new().with_url(url.as_str());
            for (key, value) in options {
                builder = builder.with_config(option_key::<AzureConfigKey>(url, key)?, value);
            }
            Ok(Arc::new(builder.build().map_err(failed)?))
        }
        _ => {
            Err(unusable("use the form s3://bucket/path, gs://bucket/path or az://container/path"))
        }
    }
}

fn option_key<K: std::str::FromStr>(url: &Url, key: &str) -> Result<K> {
    key.to_ascii_lowercase().parse().map_err(|_| LakeError::StorageOption {
        key: key.to_owned(),
        scheme: url.scheme().to_owned(),
    })
}

fn no_options(url: &Url, options: &BTreeMap<String, String>) -> Result<()> {
    match options.keys().next() {
        None => Ok(()),
        Some(key) => {
            Err(LakeError::StorageOption { key: key.clone(), scheme: url.scheme().to_owned() })
        }
    }
}
