//! Apache Kafka: a member of a consumer group that reads JSON values.
//!
//! Where reading begins is decided by a [`PartitionOwner`], who keeps positions together with the
//! rows; the group's own offsets are only told to Kafka so that its tools show the lag. Values that
//! are no JSON are taken as text, like lines of syslog; an empty value is no event.
//! Contract: <https://kafka.apache.org/documentation/#design>, through librdkafka.

mod membership;
mod options;

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;
use std::time::Duration;

use headwater_event::{ErrorKind, Origin, Timestamp};
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer as _};
use rdkafka::error::{KafkaError as ClientError, RDKafkaErrorCode};
use rdkafka::message::{BorrowedMessage, Message as _};
use rdkafka::{Offset, TopicPartitionList};

use self::membership::{Membership, Partition};
pub use self::options::{KafkaOptions, KafkaStart};
use crate::envelope_batch::{EnvelopeBatch, EnvelopeBatchBuilder};
use crate::text_record;

/// Name of this source in metrics.
const SOURCE: &str = "kafka";

/// Longest wait for an answer of the cluster.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(10);

/// Pause between two looks whether messages can be handed on again.
const HOLD_WAIT: Duration = Duration::from_millis(20);

/// Bytes of all partitions after which messages are handed on.
const READ_BYTES_MAX: usize = 8 << 20;

/// Who keeps positions: what is below one is safe, and is not read again.
pub trait PartitionOwner: Send + Sync + 'static {
    /// These partitions are about to be read: the offset of the next message of each, or `None`
    /// where nothing is known.
    ///
    /// # Errors
    /// Positions cannot be found out now.
    fn assigned(&self, partitions: &[Arc<str>]) -> Result<Vec<Option<u64>>, PositionsError>;

    /// Partitions are about to go to other members of the group. Returns when what was handed on is
    /// safe; nobody reads meanwhile.
    fn revoked(&self);
}

/// Why an owner does not know its positions.
pub type PositionsError = Box<dyn std::error::Error + Send + Sync>;

/// Why nothing can be read.
#[derive(Debug, thiserror::Error)]
pub enum KafkaError {
    /// librdkafka does not accept the settings.
    #[error("Kafka cannot be read with these settings")]
    Settings {
        /// What it says.
        source: ClientError,
    },
    /// No broker answered.
    #[error("no broker of {brokers} answers")]
    Unreachable {
        /// The brokers as set.
        brokers: String,
    },
    /// The owner of the positions does not know where to begin.
    #[error("positions of Kafka are not known")]
    Positions {
        /// What it says.
        source: PositionsError,
    },
    /// Reading cannot go on as it is.
    #[error("Kafka refuses to go on")]
    Refused {
        /// What it says.
        source: ClientError,
    },
}

impl KafkaError {
    /// What the caller should do.
    #[must_use]
    pub const fn kind(&self) -> ErrorKind {
        match self {
            Self::Settings { .. } => ErrorKind::Invalid,
            Self::Unreachable { .. } | Self::Positions { .. } | Self::Refused { .. } => {
                ErrorKind::Unavailable
            }
        }
    }
}

/// Messages of one partition, in order.
#[derive(Debug)]
pub struct KafkaBatch {
    /// Name of its position: `kafka/<cluster>/<topic>/<partition>`.
    pub partition: Arc<str>,
    /// The records; the number of each one's entry is its offset.
    pub records: EnvelopeBatch,
    /// Offset of the message after the last one.
    pub end: u64,
}

/// A member of a consumer group.
pub struct KafkaReader<O: PartitionOwner> {
    consumer: BaseConsumer<Membership<O>>,
    gathered: BTreeMap<Partition, Gathered>,
    /// Bytes in `gathered`.
    bytes: usize,
    /// The assignment that `gathered` belongs to.
    epoch: u64,
    batch_bytes: usize,
    now: fn() -> Timestamp,
}

/// Messages of one partition that are not handed on yet.
struct Gathered {
    origin: Arc<Origin>,
    records: EnvelopeBatchBuilder,
    end: u64,
}

impl Gathered {
    fn new((topic, number): &Partition, end: u64, now: fn() -> Timestamp) -> Self {
        let origin = Origin {
            index: Some(topic.as_str().into()),
            name: format!("kafka {topic}/{number}").into(),
            ..Origin::default()
        };
        let records = EnvelopeBatchBuilder::new(0, now());
        Self { origin: Arc::new(origin), records, end }
    }
}

impl<O: PartitionOwner> KafkaReader<O> {
    /// Joins the group.
    ///
    /// # Errors
    /// The settings are wrong, or no broker answers.
    pub fn open(
        options: &KafkaOptions,
        owner: Arc<O>,
        now: fn() -> Timestamp,
    ) -> Result<Self, KafkaError> {
        let settings = |source| KafkaError::Settings { source };
        let membership = Membership::new(owner, options.start);
        let client = options.client();
        let consumer: BaseConsumer<Membership<O>> =
            client.create_with_context(membership).map_err(settings)?;
        let cluster = match &options.cluster {
            Some(cluster) => cluster.clone(),
            None => consumer
                .client()
                .fetch_cluster_id(ANSWER_TIME_MAX)
                .ok_or_else(|| KafkaError::Unreachable { brokers: options.brokers.join(",") })?,
        };
        consumer.context().begin(cluster);
        let topics = options.subscription();
        let topics: Vec<&str> = topics.iter().map(String::as_str).collect();
        consumer.subscribe(&topics).map_err(settings)?;
        let (gathered, batch_bytes) = (BTreeMap::new(), options.batch_bytes);
        Ok(Self { consumer, gathered, bytes: 0, epoch: 0, batch_bytes, now })
    }

    /// Waits for messages and takes those that are there: one batch per partition or none.
    ///
    /// # Errors
    /// The membership is over: open a new one.
    pub fn read(&mut self, wait: Duration) -> Result<Vec<KafkaBatch>, KafkaError> {
        let mut wait = wait;
        while self.take(wait)? {
            wait = Duration::ZERO;
            let is_full = |one: &Gathered| one.records.made_bytes() >= self.batch_bytes;
            if self.bytes >= READ_BYTES_MAX || self.gathered.values().any(is_full) {
                break;
            }
        }
        let context = self.consumer.context();
        let batches = std::mem::take(&mut self.gathered).into_iter();
        let batches = batches.map(|(partition, gathered)| KafkaBatch {
            partition: context.name(&partition),
            records: gathered.records.finish(Vec::new()),
            end: gathered.end,
        });
        self.bytes = 0;
        Ok(batches.collect())
    }

    /// Stays a member while nothing can be handed on, until `is_over`. Returns whether batches that
    /// were read before are still of the partitions of this member; others must be forgotten.
    ///
    /// # Errors
    /// The membership is over: open a new one.
    pub fn hold(&mut self, mut is_over: impl FnMut() -> bool) -> Result<bool, KafkaError> {
        let epoch = self.epoch;
        let refused = |source| KafkaError::Refused { source };
        tracing::debug!("Kafka waits until more can be handed on");
        // Once: pausing throws away what was fetched ahead.
        self.consumer.pause(&self.consumer.assignment().map_err(refused)?).map_err(refused)?;
        while self.epoch == epoch && !is_over() {
            self.take(HOLD_WAIT)?;
        }
        // The partitions may be others now: a pause belongs to the partition and would stay.
        self.consumer.resume(&self.consumer.assignment().map_err(refused)?).map_err(refused)?;
        Ok(self.epoch == epoch)
    }

    /// Tells Kafka up to where messages are safe, which its tools show; nothing rests on it.
    pub fn report(&self, positions: &BTreeMap<Arc<str>, u64>, is_last: bool) {
        let context = self.consumer.context();
        let mut offsets = TopicPartitionList::new();
        for (name, end) in positions {
            let Some((topic, partition)) = context.partition(name) else { continue };
            let offset = Offset::Offset(i64::try_from(*end).unwrap_or(i64::MAX));
            if let Err(error) = offsets.add_partition_offset(&topic, partition, offset) {
                tracing::debug!(%error, "an offset is not told to Kafka");
            }
        }
        if offsets.count() == 0 {
            return;
        }
        let mode = if is_last { CommitMode::Sync } else { CommitMode::Async };
        if let Err(error) = self.consumer.commit(&offsets, mode) {
            tracing::debug!(%error, "offsets are not told to Kafka");
        }
    }

    /// Waits for one message; false when there is none.
    fn take(&mut self, wait: Duration) -> Result<bool, KafkaError> {
        let polled = self.consumer.poll(wait);
        let context = self.consumer.context();
        if let Some(source) = context.failure() {
            return Err(KafkaError::Positions { source });
        }
        if context.epoch() != self.epoch {
            // What was not handed on is read again by whoever has the partition now.
            self.epoch = context.epoch();
            self.gathered.clear();
            self.bytes = 0;
            for (partition, end) in context.ends() {
                self.gathered.insert(partition.clone(), Gathered::new(&partition, end, self.now));
            }
        }
        match polled {
            None => Ok(false),
            Some(Ok(message)) => {
                let (gathered, bytes) = (&mut self.gathered, &mut self.bytes);
                gather(&message, gathered, bytes, self.now);
                Ok(true)
            }
            Some(Err(error)) => check(error).map(|()| false),
        }
    }
}

/// Whether librdkafka recovers from an error by itself.
fn check(error: ClientError) -> Result<(), KafkaError> {
    let is_over = match &error {
        ClientError::MessageConsumptionFatal(_) => true,
        ClientError::MessageConsumption(code) => *code == RDKafkaErrorCode::AutoOffsetReset,
        _ => false,
    };
    if is_over {
        return Err(KafkaError::Refused { source: error });
    }
    tracing::warn!(%error, "Kafka cannot be read at the moment");
    Ok(())
}

fn gather(
    message: &BorrowedMessage<'_>,
    gathered: &mut BTreeMap<Partition, Gathered>,
    bytes: &mut usize,
    now: fn() -> Timestamp,
) {
    let partition = (message.topic().to_owned(), message.partition());
    let offset = u64::try_from(message.offset()).unwrap_or_default();
    let new = |partition: &Partition| Gathered::new(partition, offset, now);
    let one = match gathered.entry(partition) {
        Entry::Occupied(entry) => entry.into_mut(),
        Entry::Vacant(entry) => {
            let one = new(entry.key());
            entry.insert(one)
        }
    };
    one.end = offset + 1;
    let value = message.payload().unwrap_or_default();
    if value.trim_ascii().is_empty() {
        return;
    }
    *bytes += value.len();
    let counter = |name: &'static str| metrics::counter!(name, "source" => SOURCE);
    counter("headwater_received_records_total").increment(1);
    counter("headwater_received_bytes_total").increment(value.len() as u64);
    let origin = one.records.entry(&one.origin, offset);
    text_record::push_value(value, origin, &mut one.records);
}
