//! Putting a server together, and taking it apart in the right order.

use std::sync::Arc;
use std::time::Duration;

use headwater_access::Access;
use headwater_event::{Timestamp, schema};
use headwater_ingest::{HotRows, IngestContext, Live};
use headwater_journal::{Journal, Recovery};
use headwater_lake::Lake;
use headwater_lake::index::{IndexOptions, update};
use headwater_query::{AskedPaths, Session, SessionOptions};
use headwater_sources::Intake;
use headwater_sources::events_api::EventsApi;
use headwater_sources::once::SeenRequests;
use tokio::task::{JoinHandle, JoinSet};
use tokio_util::sync::CancellationToken;

use crate::audit::Audit;
use crate::error::ServerError;
use crate::fresh::LiveRows;
#[cfg(feature = "kafka")]
use crate::kafka::KafkaReaders;
use crate::listeners::{Listening, Starter, bind};
use crate::metrics;
use crate::options::ServerOptions;
use crate::routes::Api;
use crate::saved_queries::SavedQueries;
use crate::tls::Tls;

/// How often the index of observables is brought up to date.
const INDEX_INTERVAL: Duration = Duration::from_secs(30);

/// How often it is saved what queries ask for.
const REMEMBER_INTERVAL: Duration = Duration::from_mins(1);

/// Longest time for that.
const REMEMBER_TIME_MAX: Duration = Duration::from_secs(10);

/// Folder of the journal below the data folder.
const JOURNAL_FOLDER: &str = "journal";

/// File of the requests that their senders named, below the data folder.
const NAMES_FILE: &str = "answered-requests";

/// Folder of the saved queries below the data folder.
const QUERIES_FOLDER: &str = "queries";

/// What a server is made of.
#[derive(Debug)]
pub struct ServerParts {
    /// Lake, pipeline and clock.
    pub ingest: IngestContext,
    /// Limits of queries.
    pub session: SessionOptions,
    /// Who may do what.
    pub access: Access,
}

/// A running server.
#[derive(Debug)]
pub struct Server {
    listening: Vec<Listening>,
    recovery: Recovery,
    intake: Intake,
    access: Access,
    tls: Option<Tls>,
    live: Live,
    #[cfg(feature = "kafka")]
    kafka: KafkaReaders,
    listeners: JoinSet<()>,
    /// Writes the audit table until the API is gone.
    auditing: JoinHandle<()>,
    stop: CancellationToken,
    options: ServerOptions,
}

impl Server {
    /// Opens journal and tables, and listens.
    ///
    /// # Errors
    /// Whatever is missing: an address, the journal, the lake.
    pub async fn start(parts: ServerParts, options: ServerOptions) -> Result<Self, ServerError> {
        let ServerParts { ingest, session, access } = parts;
        let prometheus = metrics::install()?;
        let tls = options.tls.clone().map(Tls::open).transpose()?;
        let bound = bind(&options.listen).await?;
        make_tables(&ingest.lake).await?;
        let (journal, recovery, seen) = open_journal(&ingest, &options).await?;
        let hot = HotRows::default();
        let live = Live::start(&ingest, &journal, options.live.clone(), &hot).await?;
        #[cfg(feature = "kafka")]
        let kafka = KafkaReaders::start(&ingest, &options, journal.id(), &hot)?;
        let intake = Intake::with_seen(seen, journal, live.committed(), options.intake, ingest.now);
        let fresh = Arc::new(LiveRows(hot.clone()));
        let asked = Arc::new(AskedPaths::default());
        let everything = SessionOptions {
            fresh: Some(fresh),
            read_only: true,
            asked: Some(Arc::clone(&asked)),
            ..session
        };
        let public =
            SessionOptions { hidden: vec![schema::AUDIT.to_owned()], ..everything.clone() };
        let (audit, auditing) = Audit::start(ingest.lake.clone());
        let api = Api {
            events: EventsApi::new(intake.clone(), access.clone(), options.body),
            intake: intake.clone(),
            access: access.clone(),
            session: Arc::new(Session::open(&ingest.lake, public).await?),
            admin_session: Arc::new(Session::open(&ingest.lake, everything).await?),
            audit,
            lake: ingest.lake.clone(),
            hot,
            processed: live.processed(),
            prometheus,
            running: Default::default(),
            request_time_max: options.body.time_max,
            saved_queries: SavedQueries::new(options.data_folder.join(QUERIES_FOLDER)),
        };
        let stop = CancellationToken::new();
        let starter = Starter {
            intake: &intake,
            access: &access,
            tls: tls.as_ref(),
            options: &options,
            stop: &stop,
        };
        let mut routers = starter.routers(api)?;
        let mut listeners = upkeep(asked, ingest, &options, &stop);
        let mut listening = Vec::new();
        for bound in bound {
            listening.push(bound.listening(tls.is_some())?);
            starter.start(bound, &mut routers, &mut listeners);
        }
        let server = Self {
            listening,
            recovery,
            intake,
            access,
            tls,
            live,
            #[cfg(feature = "kafka")]
            kafka,
            listeners,
            auditing,
            stop,
            options,
        };
        Ok(server)
    }

    /// Where it listens.
    #[must_use]
    pub fn listening(&self) -> &[Listening] {
        &self.listening
    }

    /// What an earlier process left in the journal.
    #[must_use]
    pub const fn recovery(&self) -> &Recovery {
        &self.recovery
    }

    /// Waits until the data path fails, which it does only when something is badly wrong: what was
    /// accepted stays in the journal.
    pub async fn failed(&mut self) -> ServerError {
        #[cfg(feature = "kafka")]
        tokio::select! {
            error = self.live.failed() => error.into(),
            error = self.kafka.failed() => error.into(),
        }
        #[cfg(not(feature = "kafka"))]
        self.live.failed().await.into()
    }

    /// What reads tokens and certificates again, for use while the server is waited for.
    #[must_use]
    pub fn reloader(&self) -> Reloader {
        Reloader { access: self.access.clone(), tls: self.tls.clone() }
    }

    /// Stops: no new connections, requests end, what was accepted goes into the tables.
    ///
    /// # Errors
    /// The data path stopped before; the journal keeps what is not in the tables.
    pub async fn drain(mut self) -> Result<(), ServerError> {
        self.stop.cancel();
        let ended = async { while self.listeners.join_next().await.is_some() {} };
        if tokio::time::timeout(self.options.drain_time_max * 2, ended).await.is_err() {
            tracing::warn!("some listeners did not end in time");
            self.listeners.abort_all();
        }
        #[cfg(feature = "kafka")]
        self.kafka.finish(self.options.drain_time_max).await;
        self.intake.close();
        let patience = self.options.drain_time_max;
        self.live.finish(patience).await?;
        if tokio::time::timeout(patience, self.auditing).await.is_err() {
            tracing::error!("the last entries of the audit table could not be written");
        }
        Ok(())
    }
}

async fn make_tables(lake: &Lake) -> Result<(), ServerError> {
    for table in [schema::EVENTS, schema::REJECTS, schema::AUDIT, schema::OBSERVABLES] {
        lake.table(table)?.ensure_created().await?;
    }
    Ok(())
}

/// Starts what goes on beside the listeners.
fn upkeep(
    asked: Arc<AskedPaths>,
    ingest: IngestContext,
    options: &ServerOptions,
    stop: &CancellationToken,
) -> JoinSet<()> {
    let mut tasks = JoinSet::new();
    tasks.spawn(remember(asked, ingest.lake.clone(), ingest.now, stop.clone()));
    if options.index_observables {
        tasks.spawn(index_observables(ingest.lake, stop.clone()));
    }
    tasks
}

/// Keeps the index of observables up to date. When it ends in between, the index is as it was.
async fn index_observables(lake: Lake, stop: CancellationToken) {
    while tokio::time::timeout(INDEX_INTERVAL, stop.cancelled()).await.is_err() {
        let options = IndexOptions::default();
        let updated = tokio::select! {
            updated = update(&lake, &options) => updated,
            () = stop.cancelled() => return,
        };
        if let Err(error) = updated {
            let error: &dyn std::error::Error = &error;
            tracing::warn!(error, "the index of observables is not up to date");
        }
    }
}

/// Saves which places inside documents queries ask for, now and then and at the end.
async fn remember(
    asked: Arc<AskedPaths>,
    lake: Lake,
    now: fn() -> Timestamp,
    stop: CancellationToken,
) {
    loop {
        let pause = tokio::time::timeout(REMEMBER_INTERVAL, stop.cancelled()).await;
        let save = tokio::time::timeout(REMEMBER_TIME_MAX, asked.save(&lake, now())).await;
        if let Ok(Err(error)) = save {
            tracing::warn!(%error, "what queries ask for is not remembered");
        }
        if pause.is_ok() {
            return;
        }
    }
}

/// Reads tokens and certificates of a running server again.
#[derive(Debug, Clone)]
pub struct Reloader {
    access: Access,
    tls: Option<Tls>,
}

impl Reloader {
    /// Does so; what cannot be read stays as it was.
    pub fn reload(&self) {
        if let Err(error) = self.access.reload() {
            tracing::error!(%error, "tokens were not reloaded");
        }
        if let Some(Err(error)) = self.tls.as_ref().map(Tls::reload) {
            tracing::error!(%error, "certificates were not reloaded");
        }
    }
}

/// Opens the journal; the lake knows how much of it is in the tables. What is released of it was
/// looked through for the names of requests before.
async fn open_journal(
    ingest: &IngestContext,
    options: &ServerOptions,
) -> Result<(Journal, Recovery, SeenRequests), ServerError> {
    let folder = options.data_folder.join(JOURNAL_FOLDER);
    let names = options.data_folder.join(NAMES_FILE);
    let (limits, lake, now) = (options.journal, ingest.lake.clone(), ingest.now);
    let runtime = tokio::runtime::Handle::current();
    let opening = tokio::task::spawn_blocking(move || {
        let (mut failed, mut committed) = (None, 0);
        let opened = Journal::open(&folder, limits, |id| {
            match runtime.block_on(Live::committed_entries(&lake, id)) {
                Ok(entries) => committed = entries,
                Err(error) => failed = Some(error),
            }
            committed
        });
        if let Some(error) = failed {
            return Err(ServerError::from(error));
        }
        let (journal, recovery) = opened?;
        let seen = SeenRequests::open(names, &journal, now())?;
        journal.release(committed)?;
        Ok((journal, recovery, seen))
    });
    opening
        .await
        .map_err(|error| ServerError::Start { part: "the journal", reason: error.to_string() })?
}
