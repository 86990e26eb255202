//! Settings that are valid: what the rest of Headwater is given. What each one means is documented
//! in [`crate::file`], under the same name.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use crate::env::Environment;
use crate::error::ConfigError;
use crate::file::{Acknowledge, Durability, KafkaStart, LogFormat, LogLevel};
use crate::secret::{Secret, SecretRef, StorageValue};

/// Valid settings. [`Config::default`] is what holds without a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// The file that the settings come from, when there is one.
    pub file: Option<PathBuf>,
    /// Where the lake is and how it is written.
    pub lake: LakeSettings,
    /// Further names of the lake's schema in SQL.
    pub aliases: Vec<String>,
    /// Plugins beside the built-in ones.
    pub plugins: PluginSettings,
    /// How files are read into the lake.
    pub ingest: IngestSettings,
    /// Limits of every SQL statement.
    pub query: QuerySettings,
    /// What `headwater serve` does.
    pub serve: ServeSettings,
    /// Log lines.
    pub log: LogSettings,
}

/// Valid section `lake`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LakeSettings {
    /// Folder or URL of the lake.
    pub url: String,
    /// Options of the object store by name; see [`Config::storage_options`].
    pub storage: BTreeMap<String, StorageValue>,
    /// When a write to a local folder counts as done.
    pub durability: Durability,
}

/// Valid section `plugins`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PluginSettings {
    /// Folder with VRL programs.
    pub folder: Option<PathBuf>,
}

/// Valid section `ingest`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IngestSettings {
    /// Threads that run the pipeline; one per processor when absent.
    pub workers: Option<NonZeroUsize>,
    /// Memory for events that are not yet in a file, in bytes.
    pub buffer_bytes_max: usize,
    /// Longest record in bytes.
    pub record_bytes_max: usize,
    /// Whether events are mapped to OCSF.
    pub ocsf: bool,
    /// Whether the column `raw` keeps the original of every event.
    pub keep_raw: bool,
    /// Sources whose originals are not kept.
    pub raw_off_for: BTreeSet<String>,
    /// Most hidden columns of a new file.
    pub hidden_columns: usize,
    /// Whether the index of observables follows the events.
    pub index_observables: bool,
    /// Files with indicators of compromise, by name.
    pub watch: BTreeMap<String, PathBuf>,
    /// Keys of an object whose list holds the records.
    pub records_keys: Vec<String>,
}

/// Valid section `query`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuerySettings {
    /// Memory of operators in bytes.
    pub memory_bytes_max: usize,
    /// Longest run of one statement.
    pub timeout: Option<Duration>,
    /// Most rows of one answer.
    pub rows_max: Option<usize>,
    /// Where to spill to; the system's temporary folder when absent.
    pub spill_folder: Option<PathBuf>,
}

/// Valid section `serve`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServeSettings {
    /// Folder for journal and tokens.
    pub data_folder: Option<PathBuf>,
    /// Addresses by protocol; those that are off are absent.
    pub listen: BTreeMap<&'static str, String>,
    /// Certificate and key.
    pub tls: Option<TlsSettings>,
    /// Events are committed when the oldest has waited this long.
    pub commit_age: Duration,
    /// Events are committed when they take so many bytes of memory.
    pub commit_bytes: usize,
    /// Most bytes of the journal.
    pub journal_bytes_max: usize,
    /// Longest request as sent, in bytes.
    pub request_bytes_max: usize,
    /// Longest request after decompression, in bytes.
    pub decompressed_bytes_max: usize,
    /// Longest time for a request to arrive.
    pub request_time_max: Duration,
    /// Memory of all requests in bytes.
    pub request_memory_max: usize,
    /// Connections of one listener.
    pub connections_max: usize,
    /// Longest time for the head of a request.
    pub header_time_max: Duration,
    /// How long stopping waits.
    pub drain_time_max: Duration,
    /// When answers of the HTTP Event Collector carry an `ackId`.
    pub acknowledge: Acknowledge,
    /// Whether the HTTP Event Collector accepts `?token=`.
    pub query_string_token: bool,
    /// Access keys of the Firehose API: id, and where the secret is; see
    /// [`Config::firehose_keys`].
    pub firehose_keys: BTreeMap<String, SecretRef>,
    /// URLs of queues of Amazon SQS.
    pub queues: Vec<String>,
    /// Clusters of Apache Kafka by name; see [`Config::kafka_properties`].
    pub kafka: BTreeMap<String, KafkaSettings>,
}

/// A valid cluster in section `serve.kafka`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KafkaSettings {
    /// Brokers to begin with.
    pub brokers: Vec<String>,
    /// Names and patterns of topics.
    pub topics: Vec<String>,
    /// Consumer group.
    pub group: String,
    /// Where to begin.
    pub start: KafkaStart,
    /// Name of the cluster in positions.
    pub cluster: Option<String>,
    /// Properties of librdkafka.
    pub properties: BTreeMap<String, StorageValue>,
}

/// Valid section `serve.tls`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsSettings {
    /// Certificate chain in PEM.
    pub certificate: PathBuf,
    /// Private key in PEM.
    pub key: PathBuf,
    /// Authorities of client certificates in PEM.
    pub client_authorities: Option<PathBuf>,
}

/// Valid section `log`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogSettings {
    /// Form of log lines.
    pub format: LogFormat,
    /// Least important lines to show.
    pub level: LogLevel,
}

impl Config {
    /// The access keys of the Firehose API, with their secrets read.
    ///
    /// # Errors
    /// A secret cannot be read.
    pub fn firehose_keys(
        &self,
        environment: &Environment,
    ) -> Result<BTreeMap<String, Secret>, ConfigError> {
        let keys = self.serve.firehose_keys.iter().map(|(id, reference)| {
            let setting = format!("serve.firehose_keys.{id}");
            Ok((id.clone(), reference.resolve(&setting, environment)?))
        });
        keys.collect()
    }

    /// The properties of a cluster of Kafka, with their secrets read.
    ///
    /// # Errors
    /// A secret cannot be read.
    pub fn kafka_properties(
        &self,
        name: &str,
        environment: &Environment,
    ) -> Result<BTreeMap<String, Secret>, ConfigError> {
        let properties = self.serve.kafka.get(name).map(|cluster| &cluster.properties);
        let resolved = properties.into_iter().flatten().map(|(property, value)| {
            let value = match value {
                StorageValue::Text(text) => text.clone(),
                StorageValue::Reference(reference) => {
                    let setting = format!("serve.kafka.{name}.properties.{property}");
                    reference.resolve(&setting, environment)?
                }
            };
            Ok((property.clone(), value))
        });
        resolved.collect()
    }

    /// The options for opening the object store of the lake: those of the environment for this kind
    /// of store, and over them those of the file, with their secrets read.
    ///
    /// # Errors
    /// A secret cannot be read.
    pub fn storage_options(
        &self,
        environment: &Environment,
    ) -> Result<BTreeMap<String, Secret>, ConfigError> {
        let mut options = environment.storage_options(&self.lake.url);
        let set: BTreeSet<&str> =
            self.lake.storage.keys().map(|name| canonical_option(name)).collect();
        options.retain(|name, _| !set.contains(canonical_option(name)));
        for (name, value) in &self.lake.storage {
            let value = match value {
                StorageValue::Text(text) => text.clone(),
                StorageValue::Reference(reference) => {
                    reference.resolve(&format!("lake.storage.{name}"), environment)?
                }
            };
            options.insert(name.clone(), value);
        }
        Ok(options)
    }
}

/// One spelling for the spellings of an option, so that a file's `endpoint` replaces
/// `AWS_ENDPOINT_URL`.
fn canonical_option(name: &str) -> &str {
    let name = ["aws_", "azure_storage_", "azure_", "google_"]
        .iter()
        .find_map(|prefix| name.strip_prefix(prefix))
        .unwrap_or(name);
    match name {
        "endpoint_url" | "endpoint_url_s3" => "endpoint",
        "session_token" => "token",
        "account_key" | "master_key" => "access_key",
        "sas_key" => "sas_token",
        "authority_id" => "tenant_id",
        "service_account_path" => "service_account",
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::path::Path;

    use super::*;

    fn check(storage: &str, expected: &[(&str, &str)]) {
        let environment = Environment::from_pairs([
            ("AWS_ENDPOINT_URL", "http://environment"),
            ("AWS_REGION", "eu-central-1"),
            ("TOKEN", "hunter2"),
        ]);
        let yaml = format!("lake: {{url: 's3://bucket/lake', storage: {storage}}}");
        let config = Config::from_yaml(&yaml, Path::new("headwater.yaml")).unwrap();
        let options = config.storage_options(&environment).unwrap();
        let actual: Vec<(&str, &str)> =
            options.iter().map(|(name, value)| (name.as_str(), value.expose())).collect();
        assert_eq!(actual, expected, "{storage}");
        assert!(!format!("{config:?} {options:?}").contains("hunter2"));
    }

    #[test]
    fn storage_options_of_the_file_win_over_the_environment() {
        check("{}", &[("aws_endpoint_url", "http://environment"), ("aws_region", "eu-central-1")]);
        check(
            "{endpoint: 'http://file', aws_secret_access_key: 'env:TOKEN'}",
            &[
                ("aws_region", "eu-central-1"),
                ("aws_secret_access_key", "hunter2"),
                ("endpoint", "http://file"),
            ],
        );
        check(
            "{aws_endpoint: 'http://file', region: us-east-1, allow_http: true}",
            &[("allow_http", "true"), ("aws_endpoint", "http://file"), ("region", "us-east-1")],
        );
    }

    #[test]
    fn a_secret_that_is_missing_names_its_option() {
        let yaml = "lake: {storage: {token: 'env:TOKEN'}}";
        let config = Config::from_yaml(yaml, Path::new("headwater.yaml")).unwrap();
        let error = config.storage_options(&Environment::default()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "lake.storage.token: environment variable `TOKEN` is not set"
        );
    }
}
