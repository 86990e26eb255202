//! The tasks that read Apache Kafka: one per cluster, for as long as the server runs.

use std::time::Duration;

use headwater_ingest::{HotRows, IngestContext, IngestError, follow_kafka};
use tokio::sync::watch;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::error::ServerError;
use crate::options::ServerOptions;

/// Property that makes a process the same member of its group after a restart.
const INSTANCE: &str = "group.instance.id";

/// Running readers.
#[derive(Debug)]
pub(crate) struct KafkaReaders {
    tasks: JoinSet<Result<(), IngestError>>,
    stop: watch::Sender<bool>,
}

impl KafkaReaders {
    /// Starts one for each cluster. A server with the same journal is the same member of a group:
    /// after a crash it has its partitions back at once.
    ///
    /// # Errors
    /// librdkafka does not accept the settings.
    pub(crate) fn start(
        ingest: &IngestContext,
        options: &ServerOptions,
        journal: Uuid,
        hot: &HotRows,
    ) -> Result<Self, ServerError> {
        let (stop, stopped) = watch::channel(false);
        let mut tasks = JoinSet::new();
        for kafka in &options.kafka {
            let mut kafka = kafka.clone();
            let instance = || format!("headwater-{journal}");
            kafka.properties.entry(INSTANCE.to_owned()).or_insert_with(instance);
            kafka.check().map_err(IngestError::from)?;
            let (ingest, live) = (ingest.clone(), options.live.clone());
            let (hot, stopped) = (hot.clone(), stopped.clone());
            tasks.spawn(async move { follow_kafka(&ingest, &kafka, &live, &hot, stopped).await });
        }
        Ok(Self { tasks, stop })
    }

    /// Waits until one cannot go on.
    pub(crate) async fn failed(&mut self) -> IngestError {
        loop {
            match self.tasks.join_next().await {
                Some(Ok(Ok(()))) => {}
                Some(Ok(Err(error))) => return error,
                Some(Err(_)) => return IngestError::Thread { thread: "kafka" },
                None => std::future::pending().await,
            }
        }
    }

    /// Stops: what was read goes into the tables; beyond `patience` Kafka keeps it.
    pub(crate) async fn finish(&mut self, patience: Duration) {
        self.stop.send_replace(true);
        let all = async { while self.tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(patience, all).await.is_err() {
            tracing::warn!("Kafka keeps what was not committed in time");
        }
    }
}
