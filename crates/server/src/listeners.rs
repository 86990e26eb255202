//! Which protocols are spoken on which addresses. Protocols over HTTP may share one: a request says
//! by its path or its headers whose it is.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use headwater_access::Access;
use headwater_sources::elastic_bulk::{self, ElasticOptions};
use headwater_sources::firehose::{self, FirehoseOptions};
use headwater_sources::otlp::{self, OtlpOptions};
use headwater_sources::syslog::{CurrentTls, SyslogOptions, serve_tcp, serve_udp};
use headwater_sources::{Intake, hec};
use tokio::net::{TcpListener, UdpSocket};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use crate::error::ServerError;
use crate::flight;
use crate::listener::HttpListener;
use crate::options::{Listen, Protocol, ServerOptions};
use crate::routes::{self, Api};
use crate::tls::Tls;

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

impl Listening {
    /// The scheme of the address as a URL.
    #[must_use]
    pub fn scheme(&self) -> &'static str {
        match (self.protocols.contains(&Protocol::Syslog), self.tls) {
            (true, false) => "syslog",
            (true, true) => "syslogs",
            (false, false) => "http",
            (false, true) => "https",
        }
    }
}

/// An address that was taken.
pub(crate) struct Bound {
    protocols: Vec<Protocol>,
    tcp: TcpListener,
    /// For syslog.
    udp: Option<UdpSocket>,
}

impl Bound {
    pub(crate) fn listening(&self, tls: bool) -> Result<Listening, ServerError> {
        let address = self.tcp.local_addr().map_err(|source| ServerError::Listen {
            protocol: self.protocols.first().map_or("nothing", |protocol| protocol.name()),
            address: "its own address".to_owned(),
            source,
        })?;
        Ok(Listening { protocols: self.protocols.clone(), address, tls })
    }
}

/// Takes all addresses before anything else happens; protocols with the same one share it.
pub(crate) async fn bind(listen: &[Listen]) -> Result<Vec<Bound>, ServerError> {
    let mut by_address: BTreeMap<&str, Vec<Protocol>> = BTreeMap::new();
    let mut bound = Vec::new();
    for Listen { protocol, address } in listen {
        // Each wish for a free port is one of its own.
        if address.ends_with(":0") {
            bound.push(bind_one(vec![*protocol], address).await?);
        } else {
            by_address.entry(address).or_default().push(*protocol);
        }
    }
    for (address, protocols) in by_address {
        bound.push(bind_one(protocols, address).await?);
    }
    Ok(bound)
}

async fn bind_one(protocols: Vec<Protocol>, address: &str) -> Result<Bound, ServerError> {
    let is_syslog = protocols.contains(&Protocol::Syslog);
    let shared = protocols.iter().find(|protocol| **protocol != Protocol::Syslog);
    if let (true, Some(other)) = (is_syslog, shared) {
        let address = address.to_owned();
        return Err(ServerError::Shared { protocol: other.name(), address });
    }
    let name = protocols.first().map_or("nothing", |protocol| protocol.name());
    let failed =
        |source| ServerError::Listen { protocol: name, address: address.to_owned(), source };
    let tcp = TcpListener::bind(address).await.map_err(failed)?;
    let udp = if is_syslog {
        let address = tcp.local_addr().map_err(failed)?;
        Some(UdpSocket::bind(address).await.map_err(failed)?)
    } else {
        None
    };
    Ok(Bound { protocols, tcp, udp })
}

/// Starts listeners.
pub(crate) struct Starter<'a> {
    pub(crate) intake: &'a Intake,
    pub(crate) access: &'a Access,
    pub(crate) tls: Option<&'a Tls>,
    pub(crate) options: &'a ServerOptions,
    pub(crate) stop: &'a CancellationToken,
}

impl Starter<'_> {
    /// The routes of every protocol over HTTP.
    pub(crate) fn routers(&self, api: Api) -> Result<BTreeMap<Protocol, Router>, ServerError> {
        let (intake, access) = (|| self.intake.clone(), || self.access.clone());
        let body = self.options.body;
        let elastic = ElasticOptions { body, ..ElasticOptions::default() };
        let firehose = FirehoseOptions { keys: self.options.firehose_keys.clone(), body };
        let otlp = || OtlpOptions { body, ..OtlpOptions::default() };
        let api = Arc::new(api);
        let flight = flight::router(Arc::clone(&api))?;
        Ok(BTreeMap::from([
            (Protocol::Hec, hec::router(intake(), access(), self.options.hec.clone())),
            (Protocol::Elastic, elastic_bulk::router(intake(), access(), elastic)),
            (Protocol::Firehose, firehose::router(intake(), access(), firehose)),
            (Protocol::Otlp, otlp::router(intake(), access(), otlp())),
            (Protocol::OtlpGrpc, otlp::grpc_router(intake(), access(), otlp())),
            (Protocol::Api, routes::router(api)),
            (Protocol::Flight, flight),
        ]))
    }

    /// Starts to serve an address.
    pub(crate) fn start(
        &self,
        bound: Bound,
        routers: &mut BTreeMap<Protocol, Router>,
        listeners: &mut JoinSet<()>,
    ) {
        if let Some(udp) = bound.udp {
            return self.start_syslog(bound.tcp, udp, listeners);
        }
        let served = bound.protocols.iter();
        let served = served.filter_map(|protocol| Some((*protocol, routers.remove(protocol)?)));
        let http = HttpListener {
            listener: bound.tcp,
            router: share(served.collect()),
            tls: self.tls.cloned(),
            limits: self.options.connections,
            stop: self.stop.clone(),
            drain_time_max: self.options.drain_time_max,
        };
        listeners.spawn(http.run());
    }

    fn start_syslog(&self, tcp: TcpListener, udp: UdpSocket, listeners: &mut JoinSet<()>) {
        let connections_max = self.options.connections.connections_max;
        let options = SyslogOptions { connections_max, ..SyslogOptions::default() };
        let tls = self.tls.cloned();
        let tls = tls.map(|tls| Arc::new(move || tls.current()) as CurrentTls);
        let tcp = serve_tcp(tcp, tls, self.intake.clone(), options.clone(), self.stop.clone());
        let udp = serve_udp(udp, self.intake.clone(), options, self.stop.clone());
        listeners.spawn(async move {
            if let Err(error) = tcp.await {
                tracing::error!(%error, "syslog over TCP stopped");
            }
        });
        listeners.spawn(async move {
            if let Err(error) = udp.await {
                tracing::error!(%error, "syslog over UDP stopped");
            }
        });
    }
}

/// One router for the protocols of an address.
fn share(mut routers: Vec<(Protocol, Router)>) -> Router {
    if routers.len() == 1
        && let Some((_, router)) = routers.pop()
    {
        return router;
    }
    // Elasticsearch claims what is left.
    routers.sort_by_key(|(protocol, _)| *protocol == Protocol::Elastic);
    Router::new().fallback(move |request: Request| {
        let of_path = routers.iter().find(|(protocol, _)| claims(*protocol, &request));
        let router = of_path.or(routers.last()).map(|(_, router)| router.clone());
        async move { router.unwrap_or_default().oneshot(request).await }
    })
}

/// Whether a request on a shared address is of this protocol.
fn claims(protocol: Protocol, request: &Request) -> bool {
    let path = request.uri().path();
    match protocol {
        Protocol::Hec => path.starts_with("/services/"),
        Protocol::Otlp => path == "/v1/logs",
        Protocol::OtlpGrpc => path.starts_with("/opentelemetry."),
        Protocol::Firehose => {
            let headers = request.headers();
            headers.contains_key("x-amz-target")
                || headers.contains_key("x-amz-firehose-request-id")
        }
        Protocol::Api => {
            path.starts_with("/api/") || matches!(path, "/health" | "/ready" | "/metrics")
        }
        Protocol::Flight => path.starts_with("/arrow.flight."),
        Protocol::Elastic => true,
        Protocol::Syslog => false,
    }
}
