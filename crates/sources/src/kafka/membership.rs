//! What happens when partitions come and go: positions are asked for, and what was read is made
//! safe before another member reads on.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, Consumer as _, ConsumerContext};
use rdkafka::error::{KafkaError as ClientError, RDKafkaErrorCode};
use rdkafka::types::RDKafkaRespErr;
use rdkafka::{ClientContext, Offset, Statistics, TopicPartitionList};

use super::{ANSWER_TIME_MAX, KafkaStart, PartitionOwner, PositionsError};

/// Topic and number.
pub(super) type Partition = (String, i32);

/// What librdkafka calls back.
pub(super) struct Membership<O> {
    owner: Arc<O>,
    start: KafkaStart,
    /// Grows with each change of the assignment.
    epoch: AtomicU64,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    cluster: String,
    /// Names of the positions of partitions that this member has or had.
    names: BTreeMap<Partition, Arc<str>>,
    failure: Option<PositionsError>,
    /// Partitions that are read from their end, with the offset of the next message there.
    ends: Vec<(Partition, u64)>,
}

impl<O: PartitionOwner> Membership<O> {
    pub(super) fn new(owner: Arc<O>, start: KafkaStart) -> Self {
        Self { owner, start, epoch: AtomicU64::new(0), state: Mutex::default() }
    }

    /// The name of the cluster is known: partitions may come.
    pub(super) fn begin(&self, cluster: String) {
        self.state().cluster = cluster;
    }

    pub(super) fn epoch(&self) -> u64 {
        self.epoch.load(Ordering::Acquire)
    }

    /// Why partitions could not be taken, once.
    pub(super) fn failure(&self) -> Option<PositionsError> {
        self.state().failure.take()
    }

    /// Partitions that begin at their end: told once, so that a position can be kept at once.
    pub(super) fn ends(&self) -> Vec<(Partition, u64)> {
        std::mem::take(&mut self.state().ends)
    }

    /// Name of a partition's position.
    pub(super) fn name(&self, partition: &Partition) -> Arc<str> {
        let mut state = self.state();
        let State { cluster, names, .. } = &mut *state;
        let (topic, number) = partition;
        let name = || format!("kafka/{cluster}/{topic}/{number}").into();
        Arc::clone(names.entry(partition.clone()).or_insert_with(name))
    }

    /// The partition with a position of this name.
    pub(super) fn partition(&self, name: &str) -> Option<Partition> {
        let state = self.state();
        let found = state.names.iter().find(|(_, known)| &***known == name);
        found.map(|(partition, _)| partition.clone())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins to read partitions where the owner says.
    fn assign(
        &self,
        consumer: &BaseConsumer<Self>,
        assigned: &TopicPartitionList,
    ) -> Result<(), PositionsError> {
        let partitions: Vec<Partition> = assigned
            .elements()
            .iter()
            .map(|element| (element.topic().to_owned(), element.partition()))
            .collect();
        let names: Vec<Arc<str>> = partitions.iter().map(|one| self.name(one)).collect();
        let positions = self.owner.assigned(&names)?;
        let mut starts = TopicPartitionList::new();
        for ((topic, partition), position) in partitions.iter().zip(positions) {
            if let Some(start) = self.start_of(consumer, topic, *partition, position)? {
                starts.add_partition_offset(topic, *partition, start)?;
            }
        }
        consumer.assign(&starts)?;
        // It may have been taken away while nothing could be handed on.
        Ok(consumer.resume(&starts)?)
    }

    /// Where to begin, if the partition can be read at all.
    fn start_of(
        &self,
        consumer: &BaseConsumer<Self>,
        topic: &str,
        partition: i32,
        position: Option<u64>,
    ) -> Result<Option<Offset>, PositionsError> {
        let watermarks = || consumer.fetch_watermarks(topic, partition, ANSWER_TIME_MAX);
        let Some(position) = position else {
            return Ok(Some(match self.start {
                KafkaStart::Earliest => Offset::Beginning,
                KafkaStart::Latest => {
                    let (_, end) = watermarks()?;
                    let one = ((topic.to_owned(), partition), u64::try_from(end)?);
                    self.state().ends.push(one);
                    Offset::Offset(end)
                }
            }));
        };
        let position = i64::try_from(position)?;
        let (low, high) = watermarks()?;
        if position > high {
            metrics::counter!("headwater_kafka_partitions_refused_total").increment(1);
            tracing::error!(
                topic,
                partition,
                position,
                end = high,
                "the topic ends before what the lake has of it, so it is not read; if it was made \
                 anew, give its cluster another name in `serve.kafka` to read it from its beginning"
            );
            return Ok(None);
        }
        if position < low {
            let missed = low.abs_diff(position);
            metrics::counter!("headwater_kafka_missed_total").increment(missed);
            tracing::error!(
                topic,
                partition,
                position,
                first = low,
                missed,
                "Kafka deleted messages before they were read: raise the topic's retention"
            );
        }
        Ok(Some(Offset::Offset(position.max(low))))
    }
}

impl<O: PartitionOwner> ConsumerContext for Membership<O> {
    fn rebalance(
        &self,
        consumer: &BaseConsumer<Self>,
        event: RDKafkaRespErr,
        partitions: &mut TopicPartitionList,
    ) {
        let is_assigned = event == RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS;
        let names = names(partitions);
        let done = if is_assigned {
            tracing::info!(partitions = names, "Kafka gave partitions");
            self.assign(consumer, partitions)
        } else {
            tracing::info!(partitions = names, "Kafka takes partitions back");
            self.owner.revoked();
            for partition in partitions.elements() {
                set_lag(partition.topic(), partition.partition(), 0);
            }
            consumer.unassign().map_err(PositionsError::from)
        };
        self.epoch.fetch_add(1, Ordering::AcqRel);
        if let Err(error) = done {
            self.state().failure = Some(error);
            // The group waits for an answer; reading ends here.
            if let Err(error) = consumer.unassign() {
                tracing::debug!(%error, "partitions are not given back");
            }
        }
    }
}

/// For logs: `topic/0 topic/1`.
fn names(partitions: &TopicPartitionList) -> String {
    let elements = partitions.elements();
    let names = elements.iter().map(|one| format!("{}/{}", one.topic(), one.partition()));
    names.collect::<Vec<_>>().join(" ")
}

/// What is not read of a partition; none of it is this member's any more when it is given back.
fn set_lag(topic: &str, partition: i32, records: i64) {
    let labels = [("topic", topic.to_owned()), ("partition", partition.to_string())];
    // Far below 2^53.
    #[allow(clippy::cast_precision_loss)]
    metrics::gauge!("headwater_kafka_lag_records", &labels).set(records as f64);
}

impl<O: PartitionOwner> ClientContext for Membership<O> {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        match level {
            RDKafkaLogLevel::Emerg
            | RDKafkaLogLevel::Alert
            | RDKafkaLogLevel::Critical
            | RDKafkaLogLevel::Error
            | RDKafkaLogLevel::Warning => tracing::warn!(facility, "librdkafka: {message}"),
            _ => tracing::debug!(facility, "librdkafka: {message}"),
        }
    }

    fn error(&self, error: ClientError, reason: &str) {
        let is_usual = matches!(
            error.rdkafka_error_code(),
            Some(RDKafkaErrorCode::BrokerTransportFailure | RDKafkaErrorCode::AllBrokersDown)
        );
        if is_usual {
            tracing::warn!(%error, reason, "a broker of Kafka does not answer, trying again");
        } else {
            tracing::error!(%error, reason, "Kafka refuses");
        }
    }

    fn stats(&self, statistics: Statistics) {
        for (topic, of_topic) in &statistics.topics {
            for (partition, of_partition) in &of_topic.partitions {
                if *partition < 0 || of_partition.consumer_lag < 0 {
                    continue;
                }
                set_lag(topic, *partition, of_partition.consumer_lag);
            }
        }
    }
}
