//! What a reader of Kafka is told: brokers, topics, group, and properties of librdkafka.

use std::collections::BTreeMap;
use std::fmt;

use rdkafka::ClientConfig;
use rdkafka::config::RDKafkaLogLevel;

use super::KafkaError;

/// Bytes that librdkafka fetches ahead of what is read, in KiB.
const FETCHED_AHEAD_KIB: u32 = 32 << 10;

/// Milliseconds between two looks for new topics that match a pattern.
const TOPICS_REFRESH_MS: u32 = 30_000;

/// Milliseconds between two measurements of the lag.
const STATISTICS_MS: u32 = 10_000;

/// Milliseconds without a sign of life after which others take the partitions.
const SESSION_MS: u32 = 15_000;

/// Where to begin in a partition of which the tables have nothing yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum KafkaStart {
    /// At its first message.
    #[default]
    Earliest,
    /// At what arrives from now on.
    Latest,
}

/// Settings of a reader.
#[derive(Clone)]
pub struct KafkaOptions {
    /// `HOST:PORT` of brokers to begin with.
    pub brokers: Vec<String>,
    /// Names of topics; patterns with `*` and `?`, or regular expressions beginning with `^`.
    pub topics: Vec<String>,
    /// Consumer group: its members share the partitions.
    pub group: String,
    /// Where to begin.
    pub start: KafkaStart,
    /// Name of the cluster in positions; its own id when absent.
    pub cluster: Option<String>,
    /// Further properties of librdkafka, with secrets.
    pub properties: BTreeMap<String, String>,
    /// Messages of one partition are handed on together up to this many bytes.
    pub batch_bytes: usize,
}

impl fmt::Debug for KafkaOptions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("KafkaOptions")
            .field("brokers", &self.brokers)
            .field("topics", &self.topics)
            .field("group", &self.group)
            .field("start", &self.start)
            .field("cluster", &self.cluster)
            .field("properties", &self.properties.keys().collect::<Vec<_>>())
            .field("batch_bytes", &self.batch_bytes)
            .finish()
    }
}

impl KafkaOptions {
    /// Whether librdkafka accepts them.
    ///
    /// # Errors
    /// What it says.
    pub fn check(&self) -> Result<(), KafkaError> {
        let created = self.client().create_native_config();
        created.map(|_| ()).map_err(|source| KafkaError::Settings { source })
    }

    pub(super) fn client(&self) -> ClientConfig {
        let mut client = ClientConfig::new();
        client.set("queued.max.messages.kbytes", FETCHED_AHEAD_KIB.to_string());
        client.set("topic.metadata.refresh.interval.ms", TOPICS_REFRESH_MS.to_string());
        client.set("statistics.interval.ms", STATISTICS_MS.to_string());
        client.set("client.id", "headwater");
        client.set("session.timeout.ms", SESSION_MS.to_string());
        for (name, value) in &self.properties {
            client.set(name, value);
        }
        // Positions are those of the tables, so librdkafka neither keeps nor invents any.
        client.set("bootstrap.servers", self.brokers.join(","));
        client.set("group.id", &self.group);
        client.set("enable.auto.commit", "false");
        client.set("enable.auto.offset.store", "false");
        client.set("enable.partition.eof", "false");
        client.set("auto.offset.reset", "error");
        client.set("partition.assignment.strategy", "range,roundrobin");
        client.set_log_level(RDKafkaLogLevel::Warning);
        client
    }

    /// The topics as librdkafka wants them.
    pub(super) fn subscription(&self) -> Vec<String> {
        self.topics.iter().map(|topic| expression(topic)).collect()
    }
}

/// A pattern with `*` and `?` as a regular expression; other names as they are.
fn expression(topic: &str) -> String {
    if topic.starts_with('^') || !topic.contains(['*', '?']) {
        return topic.to_owned();
    }
    let mut expression = String::from("^");
    for character in topic.chars() {
        match character {
            '*' => expression.push_str(".*"),
            '?' => expression.push('.'),
            '.' => expression.push_str("\\."),
            other => expression.push(other),
        }
    }
    expression.push('$');
    expression
}

#[cfg(test)]
mod tests {
    use super::expression;

    #[test]
    fn patterns_become_regular_expressions() {
        for (topic, expected) in [
            ("winlogbeat", "winlogbeat"),
            ("logs.prod", "logs.prod"),
            ("logs.*", "^logs\\..*$"),
            ("zeek-?", "^zeek-.$"),
            ("^zeek-[a-z]+$", "^zeek-[a-z]+$"),
        ] {
            assert_eq!(expression(topic), expected);
        }
    }
}
