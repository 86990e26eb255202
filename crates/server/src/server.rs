//! Putting a server together, and taking it apart in the right order.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use headwater_access::Access;
use headwater_event::schema;
use headwater_ingest::{IngestContext, Live};
use headwater_journal::{Journal, Recovery};
use headwater_query::{Session, SessionOptions};
use headwater_sources::{Intake, events_api, hec};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::error::ServerError;
use crate::fresh::JournalRows;
use crate::listener::HttpListener;
use crate::metrics;
use crate::options::{Protocol, ServerOptions};
use crate::routes::{self, Api};
use crate::tls::Tls;

/// Folder of the journal below the data folder.
const JOURNAL_FOLDER: &str = "journal";

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

/// An address that a server listens on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listening {
    /// What is spoken there.
    pub protocols: Vec<Protocol>,
    /// The address, with the port that was really taken.
    pub address: SocketAddr,
    /// Whether TLS is spoken.
    pub tls: bool,
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
    listeners: JoinSet<()>,
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
        let bound = bind(&options).await?;
        for table in [schema::EVENTS, schema::REJECTS] {
            ingest.lake.table(table)?.ensure_created().await?;
        }
        let (journal, recovery) = open_journal(&ingest, &options).await?;
        let live = Live::start(&ingest, &journal, options.live.clone()).await?;
        let intake = Intake::new(journal, live.committed(), options.intake, ingest.now);
        let fresh = Arc::new(JournalRows(live.hot().clone()));
        let session = SessionOptions { fresh: Some(fresh), read_only: true, ..session };
        let api = Api {
            intake: intake.clone(),
            access: access.clone(),
            session: Arc::new(Session::open(&ingest.lake, session).await?),
            lake: ingest.lake,
            hot: live.hot().clone(),
            processed: live.processed(),
            prometheus,
            running: Default::default(),
        };
        let routers = Routers { intake: &intake, access: &access, options: &options };
        let mut routers = routers.all(api);
        let stop = CancellationToken::new();
        let mut listeners = JoinSet::new();
        let mut listening = Vec::new();
        for (listener, protocols) in bound {
            let address = listener.local_addr().map_err(|source| ServerError::Listen {
                protocol: "a protocol",
                address: String::new(),
                source,
            })?;
            let shared = protocols.iter().filter_map(|protocol| routers.remove(protocol));
            let http = HttpListener {
                listener,
                router: shared.fold(Router::new(), Router::merge),
                tls: tls.clone(),
                limits: options.connections,
                stop: stop.clone(),
                drain_time_max: options.drain_time_max,
            };
            listeners.spawn(http.run());
            listening.push(Listening { protocols, address, tls: tls.is_some() });
        }
        let server =
            Self { listening, recovery, intake, access, tls, live, listeners, stop, options };
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
        while self.listeners.join_next().await.is_some() {}
        self.intake.close();
        self.live.finish(self.options.drain_time_max).await?;
        Ok(())
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

/// Takes all addresses before anything else happens; protocols with the same one share it.
async fn bind(options: &ServerOptions) -> Result<Vec<(TcpListener, Vec<Protocol>)>, ServerError> {
    let mut by_address: BTreeMap<&str, Vec<Protocol>> = BTreeMap::new();
    let mut bound = Vec::new();
    for listen in &options.listen {
        // Each wish for a free port is one of its own.
        if listen.address.ends_with(":0") {
            bound.push((tcp(listen.protocol, &listen.address).await?, vec![listen.protocol]));
        } else {
            by_address.entry(&listen.address).or_default().push(listen.protocol);
        }
    }
    for (address, protocols) in by_address {
        let Some(first) = protocols.first() else { continue };
        bound.push((tcp(*first, address).await?, protocols));
    }
    Ok(bound)
}

async fn tcp(protocol: Protocol, address: &str) -> Result<TcpListener, ServerError> {
    TcpListener::bind(address).await.map_err(|source| ServerError::Listen {
        protocol: protocol.name(),
        address: address.to_owned(),
        source,
    })
}

/// Opens the journal; the lake knows how much of it is in the tables.
async fn open_journal(
    ingest: &IngestContext,
    options: &ServerOptions,
) -> Result<(Journal, Recovery), ServerError> {
    let folder = options.data_folder.join(JOURNAL_FOLDER);
    let (limits, lake) = (options.journal, ingest.lake.clone());
    let runtime = tokio::runtime::Handle::current();
    let opening = tokio::task::spawn_blocking(move || {
        let mut failed = None;
        let opened = Journal::open(&folder, limits, |id| {
            runtime.block_on(Live::committed_entries(&lake, id)).unwrap_or_else(|error| {
                failed = Some(error);
                0
            })
        });
        match failed {
            Some(error) => Err(ServerError::from(error)),
            None => opened.map_err(ServerError::from),
        }
    });
    opening
        .await
        .map_err(|error| ServerError::Start { part: "the journal", reason: error.to_string() })?
}

/// Makes the routes of every protocol over HTTP.
struct Routers<'a> {
    intake: &'a Intake,
    access: &'a Access,
    options: &'a ServerOptions,
}

impl Routers<'_> {
    fn all(&self, api: Api) -> BTreeMap<Protocol, Router> {
        let (intake, access) = (|| self.intake.clone(), || self.access.clone());
        let api =
            routes::router(api).merge(events_api::router(intake(), access(), self.options.body));
        BTreeMap::from([
            (Protocol::Hec, hec::router(intake(), access(), self.options.hec.clone())),
            (Protocol::Api, api),
        ])
    }
}
