//! Validation of the section `serve`.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::time::Duration;

use crate::config::{KafkaSettings, ServeSettings, TlsSettings};
use crate::file::{KafkaConfig, ListenConfig, ServeConfig, TlsConfig};
use crate::secret::{SecretRef, StorageValue};
use crate::units::{ByteSize, TimeSpan};
use crate::validate::Checker;

/// Less makes files of a few rows.
const COMMIT_BYTES: RangeInclusive<ByteSize> =
    ByteSize::kibibytes(64)..=ByteSize::mebibytes(1 << 20);
/// Less holds no request.
const JOURNAL_BYTES: RangeInclusive<ByteSize> =
    ByteSize::mebibytes(1)..=ByteSize::mebibytes(1 << 30);
/// Places in a request have 32 bits and need room for texts that are made.
const REQUEST_BYTES: RangeInclusive<ByteSize> = ByteSize::kibibytes(1)..=ByteSize::mebibytes(512);
/// Less holds no request.
const MEMORY_BYTES: RangeInclusive<ByteSize> =
    ByteSize::mebibytes(1)..=ByteSize::mebibytes(1 << 20);

/// Properties of librdkafka on which rests what is promised.
const KAFKA_OWN_PROPERTIES: [&str; 7] = [
    "auto.offset.reset",
    "bootstrap.servers",
    "enable.auto.commit",
    "enable.auto.offset.store",
    "enable.partition.eof",
    "group.id",
    "partition.assignment.strategy",
];

impl Checker<'_> {
    pub(crate) fn serve(&mut self, serve: ServeConfig) -> ServeSettings {
        if serve.connections_max == 0 {
            self.reject("serve.connections_max", "is zero", None);
        }
        let bytes = |checker: &mut Self, name: &str, size, range| {
            checker.bytes(&format!("serve.{name}"), size, range)
        };
        ServeSettings {
            data_folder: self.folder("serve.data_folder", serve.data_folder),
            listen: self.listen(serve.listen),
            tls: self.tls(serve.tls),
            commit_age: self.time("commit_age", serve.commit_age),
            commit_bytes: bytes(self, "commit_bytes", serve.commit_bytes, &COMMIT_BYTES),
            journal_bytes_max: bytes(
                self,
                "journal_bytes_max",
                serve.journal_bytes_max,
                &JOURNAL_BYTES,
            ),
            request_bytes_max: bytes(
                self,
                "request_bytes_max",
                serve.request_bytes_max,
                &REQUEST_BYTES,
            ),
            decompressed_bytes_max: bytes(
                self,
                "decompressed_bytes_max",
                serve.decompressed_bytes_max,
                &REQUEST_BYTES,
            ),
            request_time_max: self.time("request_time_max", serve.request_time_max),
            request_memory_max: bytes(
                self,
                "request_memory_max",
                serve.request_memory_max,
                &MEMORY_BYTES,
            ),
            connections_max: usize::try_from(serve.connections_max).unwrap_or(usize::MAX),
            header_time_max: self.time("header_time_max", serve.header_time_max),
            drain_time_max: serve.drain_time_max.duration(),
            acknowledge: serve.hec.acknowledge,
            query_string_token: serve.hec.query_string_token,
            firehose_keys: self.firehose_keys(serve.firehose_keys),
            queues: serve.queues,
            kafka: self.kafka(serve.kafka),
        }
    }

    fn kafka(&mut self, kafka: BTreeMap<String, KafkaConfig>) -> BTreeMap<String, KafkaSettings> {
        let checked = kafka.into_iter().map(|(name, cluster)| {
            let path = format!("serve.kafka.{name}");
            for (list, texts) in [("brokers", &cluster.brokers), ("topics", &cluster.topics)] {
                if texts.is_empty() {
                    self.reject(&format!("{path}.{list}"), "is empty", Some("name at least one"));
                }
            }
            for broker in &cluster.brokers {
                if let Err(message) = check_address(broker) {
                    self.reject(&format!("{path}.brokers"), message, Some("write HOST:PORT"));
                }
            }
            let properties = self.kafka_properties(&path, cluster.properties);
            let KafkaConfig { brokers, topics, group, start, cluster, .. } = cluster;
            let settings = KafkaSettings { brokers, topics, group, start, cluster, properties };
            (name, settings)
        });
        checked.collect()
    }

    fn kafka_properties(
        &mut self,
        path: &str,
        properties: BTreeMap<String, StorageValue>,
    ) -> BTreeMap<String, StorageValue> {
        let checked = properties.into_iter().map(|(name, value)| {
            let path = format!("{path}.properties.{name}");
            let is_secret = ["password", "secret", "key.pem"].iter().any(|end| name.ends_with(end));
            if KAFKA_OWN_PROPERTIES.contains(&name.as_str()) {
                let hint = "take it out; what is meant to be set has a setting of its own";
                self.reject(&path, "is set by Headwater itself", Some(hint));
            }
            let value = match value {
                StorageValue::Reference(reference) => {
                    StorageValue::Reference(reference.relative_to(self.folder_of_file()))
                }
                StorageValue::Text(text) => {
                    if is_secret {
                        let message = "is a secret, which does not belong in the file";
                        let hint = "write where it is: env:NAME or file:/path";
                        self.reject(&path, message, Some(hint));
                    }
                    StorageValue::Text(text)
                }
            };
            (name, value)
        });
        checked.collect()
    }

    fn firehose_keys(
        &mut self,
        keys: BTreeMap<String, StorageValue>,
    ) -> BTreeMap<String, SecretRef> {
        let mut references = BTreeMap::new();
        for (id, value) in keys {
            match value {
                StorageValue::Reference(reference) => {
                    references.insert(id, reference.relative_to(self.folder_of_file()));
                }
                StorageValue::Text(_) => self.reject(
                    &format!("serve.firehose_keys.{id}"),
                    "is a secret, which does not belong in the file",
                    Some("write where it is: env:NAME or file:/path"),
                ),
            }
        }
        references
    }

    fn time(&mut self, name: &str, time: TimeSpan) -> Duration {
        if time.duration().is_zero() {
            self.reject(&format!("serve.{name}"), "is zero", None);
        }
        time.duration()
    }

    fn listen(&mut self, listen: ListenConfig) -> BTreeMap<&'static str, String> {
        let all = [
            ("hec", listen.hec),
            ("elastic", listen.elastic),
            ("firehose", listen.firehose),
            ("otlp", listen.otlp),
            ("otlp_grpc", listen.otlp_grpc),
            ("syslog", listen.syslog),
            ("api", listen.api),
            ("flight", listen.flight),
        ];
        let mut addresses = BTreeMap::new();
        for (protocol, address) in all {
            if address == "off" {
                continue;
            }
            if let Err(message) = check_address(&address) {
                let path = format!("serve.listen.{protocol}");
                self.reject(&path, message, Some("write HOST:PORT, or off"));
            }
            addresses.insert(protocol, address);
        }
        addresses
    }

    fn tls(&mut self, tls: TlsConfig) -> Option<TlsSettings> {
        let certificate = self.folder("serve.tls.certificate", tls.certificate);
        let key = self.folder("serve.tls.key", tls.key);
        let client_authorities =
            self.folder("serve.tls.client_authorities", tls.client_authorities);
        match (certificate, key) {
            (Some(certificate), Some(key)) => {
                Some(TlsSettings { certificate, key, client_authorities })
            }
            (None, None) if client_authorities.is_none() => None,
            _ => {
                let hint = Some("TLS needs both `certificate` and `key`");
                self.reject("serve.tls", "is incomplete", hint);
                None
            }
        }
    }
}

/// Whether text is `HOST:PORT`.
///
/// # Errors
/// What is wrong with it.
pub fn check_address(address: &str) -> Result<(), String> {
    let Some((host, port)) = address.rsplit_once(':') else {
        return Err(format!("`{address}` has no port"));
    };
    if host.is_empty() {
        return Err(format!("`{address}` has no host"));
    }
    match port.parse::<u16>() {
        Ok(_) => Ok(()),
        Err(_) => Err(format!("`{port}` is not a port")),
    }
}
