//! What may stand in a settings file. The documentation of a field is its reference:
//! [`default_yaml`] prints it, together with the default that stands beside the field.
//!
//! [`default_yaml`]: crate::default_yaml

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::reference::{Field, Setting, Shown};
use crate::secret::StorageValue;
use crate::units::{ByteSize, TimeSpan};

/// Declares a section of the file once: its type, its defaults, and what its reference says. A
/// setting that has no value by default comes with an example.
macro_rules! section {
    (
        $(#[doc = $section_doc:literal])+
        pub struct $section:ident {
            $(
                $(#[doc = $field_doc:literal])+
                pub $field:ident: $type:ty = $default:expr $(; $example:literal)?,
            )+
        }
    ) => {
        $(#[doc = $section_doc])+
        #[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct $section {
            $($(#[doc = $field_doc])+ pub $field: $type,)+
        }

        impl Default for $section {
            fn default() -> Self {
                Self { $($field: $default,)+ }
            }
        }

        impl Setting for $section {
            fn shown(&self) -> Shown {
                Shown::Section(vec![$(Field {
                    name: stringify!($field),
                    documentation: &[$($field_doc),+],
                    example: None$(.or(Some($example)))?,
                    shown: self.$field.shown(),
                },)+])
            }
        }
    };
}

section! {
    /// A settings file.
    pub struct FileConfig {
        /// Where the lake is and how it is written.
        pub lake: LakeConfig = LakeConfig::default(),
        /// Further names of the lake's schema in SQL: `SELECT … FROM "defenda_data_lake"."events"`.
        /// The plain names (`events`) always work.
        pub aliases: Vec<String> = texts(&["defenda_data_lake", "defenda_datalake"]),
        /// Plugins beside the built-in ones.
        pub plugins: PluginsConfig = PluginsConfig::default(),
        /// How files are read into the lake.
        pub ingest: IngestConfig = IngestConfig::default(),
        /// Limits of every SQL statement.
        pub query: QueryConfig = QueryConfig::default(),
        /// `headwater serve`: what it listens on, and its limits.
        pub serve: ServeConfig = ServeConfig::default(),
        /// Log lines on standard error.
        pub log: LogConfig = LogConfig::default(),
    }
}

section! {
    /// Section `lake`: where the lake is and how it is written.
    pub struct LakeConfig {
        /// Folder or URL: ./lake, s3://bucket/path, gs://bucket/path, az://container/path.
        /// A relative folder is taken from the folder of this file.
        /// `--lake` and HEADWATER_LAKE win over it.
        pub url: String = "./lake".to_owned(),
        /// Options of the object store, by its own names. AWS_*, AZURE_* and GOOGLE_* variables of
        /// the environment are used too; what stands here wins over them. Keys, tokens and
        /// passwords are references: env:NAME (a variable) or file:/path (the contents of a file).
        pub storage: BTreeMap<String, StorageValue> = BTreeMap::new();
            "storage:\n  aws_region: eu-central-1\n  aws_secret_access_key: env:LAKE_SECRET_KEY",
        /// When a write to a local folder counts as done: `fsync` (survives a power failure) or
        /// `none` (survives the end of the process). Object stores are always durable.
        pub durability: Durability = Durability::Fsync,
    }
}

section! {
    /// Section `plugins`: plugins beside the built-in ones.
    pub struct PluginsConfig {
        /// Folder with `.vrl` programs; a relative one is taken from the folder of this file.
        pub folder: Option<String> = None; "folder: ./plugins",
    }
}

section! {
    /// Section `ingest`: how files are read into the lake.
    pub struct IngestConfig {
        /// Threads that parse, normalise and enrich, 1 to 1024. One per processor when not set.
        pub workers: Option<u32> = None; "workers: 8",
        /// Memory for events that are not yet in a file, at least 64KiB. More makes larger files.
        pub buffer_bytes_max: ByteSize = ByteSize::mebibytes(192),
        /// Longest record, 1KiB to 1GiB; a longer one goes to the table `rejects`, in parts.
        pub record_bytes_max: ByteSize = ByteSize::mebibytes(128),
        /// Whether events are mapped to OCSF: the columns `ocsf`, `class_uid` and so on.
        pub ocsf: bool = true,
        /// Whether the column `raw` keeps the original of every event.
        pub keep_raw: bool = true,
        /// Sources (`--source`) whose originals are not kept.
        pub raw_off_for: Vec<String> = Vec::new(),
        /// Most values inside JSON text that become hidden columns of a new file, 0 to 1024. Files
        /// that `headwater optimize` writes may have more.
        pub hidden_columns: u32 = 24,
        /// Whether `ingest` and `serve` bring the table `observables` up to date: the index that
        /// makes `headwater ioc` fast. Without it, run `headwater index` now and then.
        pub index_observables: bool = true,
        /// Files with indicators of compromise, by a name of your choice: events that match while
        /// they arrive get the tag `ioc:NAME`, and SQL knows the list as ioc_in('NAME'). A relative
        /// file is taken from the folder of this file; `serve` reads a file again when it changes.
        pub watch: BTreeMap<String, String> = BTreeMap::new(); "watch:\n  feed: ./feed.csv",
        /// Keys of an object whose list holds the records, as in {"Records": […]}.
        pub records_keys: Vec<String> = texts(&["Records"]),
    }
}

section! {
    /// Section `query`: limits of every SQL statement.
    pub struct QueryConfig {
        /// Memory for sorting, grouping and joining, at least 16MiB; beyond it disk is used.
        pub memory_bytes_max: ByteSize = ByteSize::mebibytes(1024),
        /// Longest run of one statement; `null` for no limit.
        pub timeout: Option<TimeSpan> = Some(TimeSpan::seconds(3600)),
        /// Most rows of one answer, further ones are cut and the answer says so; `null` for no
        /// limit.
        pub rows_max: Option<u64> = Some(10_000_000),
        /// Where to spill to: a folder, the system's temporary one when not set. A relative one is
        /// taken from the folder of this file.
        pub spill_folder: Option<String> = None; "spill_folder: ./spill",
    }
}

section! {
    /// Section `serve`: `headwater serve`.
    pub struct ServeConfig {
        /// Folder for the journal and the tokens, on a local disk. When not set: `.headwater` in
        /// the lake's folder, or beside this file when the lake is in a bucket.
        pub data_folder: Option<String> = None; "data_folder: /var/lib/headwater",
        /// Addresses. Protocols over HTTP may share one.
        pub listen: ListenConfig = ListenConfig::default(),
        /// TLS on every listener. Both files in PEM; they are read again on SIGHUP.
        pub tls: TlsConfig = TlsConfig::default(),
        /// Events are committed when the oldest has waited this long.
        pub commit_age: TimeSpan = TimeSpan::seconds(5),
        /// Events are committed when they take this much memory, at least 64KiB.
        pub commit_bytes: ByteSize = ByteSize::mebibytes(128),
        /// Most that waits on disk for the lake, at least 1MiB; beyond it senders are told to wait.
        pub journal_bytes_max: ByteSize = ByteSize::mebibytes(10 << 10),
        /// Longest request as sent, 1KiB to 512MiB.
        pub request_bytes_max: ByteSize = ByteSize::mebibytes(64),
        /// Longest request after decompression, 1KiB to 512MiB.
        pub decompressed_bytes_max: ByteSize = ByteSize::mebibytes(128),
        /// Longest time for a request to arrive.
        pub request_time_max: TimeSpan = TimeSpan::seconds(60),
        /// Memory of all requests at a time, at least 1MiB.
        pub request_memory_max: ByteSize = ByteSize::mebibytes(256),
        /// Connections of one listener, at least 1.
        pub connections_max: u32 = 4096,
        /// Longest time for the head of a request, and between two requests of a connection.
        pub header_time_max: TimeSpan = TimeSpan::seconds(75),
        /// How long stopping waits for requests, and then for the lake.
        pub drain_time_max: TimeSpan = TimeSpan::seconds(30),
        /// Splunk HTTP Event Collector.
        pub hec: HecConfig = HecConfig::default(),
        /// Access keys of senders to the Firehose API: id, and where its secret is.
        pub firehose_keys: BTreeMap<String, StorageValue> = BTreeMap::new();
            "firehose_keys:\n  AKIDEXAMPLE: env:FIREHOSE_SECRET",
        /// URLs of queues of Amazon SQS that announce new objects of buckets, which are read.
        pub queues: Vec<String> = Vec::new(),
        /// Clusters of Apache Kafka to read, by a name of your choice. `topics` are names, patterns
        /// (`logs-*`) or regular expressions (`^logs-[a-z]+$`); `group` is `headwater` and `start`
        /// is `earliest` unless set; `properties` are those of librdkafka, passwords as references.
        pub kafka: BTreeMap<String, KafkaConfig> = BTreeMap::new();
            "kafka:\n  main:\n    brokers: [kafka-1:9093]\n    topics: [winlogbeat, logs-*]\n    \
             properties:\n      security.protocol: SASL_SSL\n      \
             sasl.mechanism: SCRAM-SHA-512\n      sasl.username: headwater\n      \
             sasl.password: env:KAFKA_PASSWORD",
    }
}

section! {
    /// A cluster in section `serve.kafka`.
    pub struct KafkaConfig {
        /// `HOST:PORT` of brokers to begin with.
        pub brokers: Vec<String> = Vec::new(),
        /// Names, patterns with `*` and `?`, or regular expressions beginning with `^`.
        pub topics: Vec<String> = Vec::new(),
        /// Consumer group; its members share the partitions.
        pub group: String = "headwater".to_owned(),
        /// Where to begin in a partition of which the lake has nothing yet.
        pub start: KafkaStart = KafkaStart::Earliest,
        /// Name of the cluster in positions; its own id when not set.
        pub cluster: Option<String> = None; "cluster: main",
        /// Properties of librdkafka.
        pub properties: BTreeMap<String, StorageValue> = BTreeMap::new();
            "properties:\n  security.protocol: SSL",
    }
}

section! {
    /// Section `serve.listen`: HOST:PORT, or `off`.
    pub struct ListenConfig {
        /// Splunk HTTP Event Collector.
        pub hec: String = "127.0.0.1:8088".to_owned(),
        /// Elasticsearch and OpenSearch bulk requests.
        pub elastic: String = "127.0.0.1:9200".to_owned(),
        /// Amazon Data Firehose: its API and its delivery over HTTP.
        pub firehose: String = "127.0.0.1:8089".to_owned(),
        /// OpenTelemetry logs over HTTP.
        pub otlp: String = "127.0.0.1:4318".to_owned(),
        /// OpenTelemetry logs over gRPC.
        pub otlp_grpc: String = "127.0.0.1:4317".to_owned(),
        /// Syslog over TCP (with TLS when it is set) and UDP.
        pub syslog: String = "127.0.0.1:6514".to_owned(),
        /// Query API, events over plain HTTP, health and metrics.
        pub api: String = "127.0.0.1:8080".to_owned(),
        /// Arrow Flight SQL, for clients of ADBC and JDBC.
        pub flight: String = "127.0.0.1:8815".to_owned(),
    }
}

section! {
    /// Section `serve.tls`.
    pub struct TlsConfig {
        /// Certificate chain, the server's own first.
        pub certificate: Option<String> = None; "certificate: /etc/headwater/tls.crt",
        /// Private key.
        pub key: Option<String> = None; "key: /etc/headwater/tls.key",
        /// Authorities that clients' certificates must come from; clients need none when not set.
        pub client_authorities: Option<String> = None;
            "client_authorities: /etc/headwater/clients.crt",
    }
}

section! {
    /// Section `serve.hec`.
    pub struct HecConfig {
        /// When answers carry an `ackId`: `optional` (when the request names a channel), `required`
        /// (a request without a channel is refused) or `off`.
        pub acknowledge: Acknowledge = Acknowledge::Optional,
        /// Whether `?token=` is accepted; tokens in URLs end in the logs of proxies.
        pub query_string_token: bool = false,
    }
}

section! {
    /// Section `log`: log lines on standard error.
    pub struct LogConfig {
        /// `text` for people, `json` for programs. `--log-format` and HEADWATER_LOG_FORMAT win over
        /// it.
        pub format: LogFormat = LogFormat::Text,
        /// Least important lines to show: `error`, `warn`, `info`, `debug` or `trace`.
        pub level: LogLevel = LogLevel::Info,
    }
}

/// Declares a setting that is one of a few words.
macro_rules! choice {
    (
        $(#[$attribute:meta])+
        pub enum $choice:ident { $($(#[doc = $doc:literal])+ $variant:ident = $name:literal,)+ }
    ) => {
        $(#[$attribute])+
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
        pub enum $choice {
            $($(#[doc = $doc])+ #[serde(rename = $name)] $variant,)+
        }

        impl $choice {
            /// Every choice, as it is written.
            pub const NAMES: &[&str] = &[$($name),+];

            /// The choice as it is written.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }

            /// The choice that is written so.
            #[must_use]
            pub fn from_name(name: &str) -> Option<Self> {
                match name { $($name => Some(Self::$variant),)+ _ => None }
            }
        }

        impl Setting for $choice {
            fn shown(&self) -> Shown {
                Shown::Value(self.name().to_owned())
            }
        }
    };
}

choice! {
    /// When a write to a local folder counts as done.
    pub enum Durability {
        /// After `fsync`: survives a power failure.
        Fsync = "fsync",
        /// When the operating system has it: survives the end of the process.
        None = "none",
    }
}

choice! {
    /// Where to begin in a partition of Kafka.
    pub enum KafkaStart {
        /// At its first message.
        Earliest = "earliest",
        /// At what arrives from now on.
        Latest = "latest",
    }
}

choice! {
    /// When the HTTP Event Collector gives an `ackId`.
    pub enum Acknowledge {
        /// When the request names a channel.
        Optional = "optional",
        /// Always.
        Required = "required",
        /// Never.
        Off = "off",
    }
}

choice! {
    /// Form of log lines.
    pub enum LogFormat {
        /// For people.
        Text = "text",
        /// One JSON object per line.
        Json = "json",
    }
}

choice! {
    /// Least important log lines that are shown.
    pub enum LogLevel {
        /// Data was lost or a person is needed.
        Error = "error",
        /// Something went wrong that recovers alone.
        Warn = "warn",
        /// What was done.
        Info = "info",
        /// What was done, step by step.
        Debug = "debug",
        /// Everything.
        Trace = "trace",
    }
}

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(ToString::to_string).collect()
}
