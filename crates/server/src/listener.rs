//! Serving HTTP on one address: HTTP/1.1 and HTTP/2, plain or TLS, with limits for connections and
//! heads of requests.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use headwater_sources::http::Peer;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use crate::options::ConnectionLimits;
use crate::tls::Tls;

/// Longest time for a TLS handshake.
const HANDSHAKE_TIME_MAX: Duration = Duration::from_secs(10);

/// Pause after the system refused a connection, for example for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// A listener over HTTP.
pub(crate) struct HttpListener {
    pub(crate) listener: TcpListener,
    pub(crate) router: Router,
    pub(crate) tls: Option<Tls>,
    pub(crate) limits: ConnectionLimits,
    pub(crate) stop: CancellationToken,
    /// How long requests may go on once it stops.
    pub(crate) drain_time_max: Duration,
}

impl HttpListener {
    /// Serves until it is told to stop, and then until requests have ended.
    pub(crate) async fn run(self) {
        let graceful = GracefulShutdown::new();
        let connections = Arc::new(Semaphore::new(self.limits.connections_max));
        let builder = self.builder();
        loop {
            let Ok(permit) = Arc::clone(&connections).acquire_owned().await else { break };
            let (stream, peer) = tokio::select! {
                () = self.stop.cancelled() => break,
                accepted = self.listener.accept() => match accepted {
                    Ok(accepted) => accepted,
                    Err(error) => {
                        tracing::warn!(%error, "a connection could not be accepted");
                        tokio::time::sleep(ACCEPT_PAUSE).await;
                        continue;
                    }
                },
            };
            // Answers are small: they should not wait for more.
            let _ = stream.set_nodelay(true);
            let connection = Connection {
                builder: builder.clone(),
                router: self.router.clone(),
                tls: self.tls.clone(),
                watcher: graceful.watcher(),
                peer,
            };
            tokio::spawn(async move {
                connection.serve(stream).await;
                drop(permit);
            });
        }
        drop(self.listener);
        if tokio::time::timeout(self.drain_time_max, graceful.shutdown()).await.is_err() {
            tracing::warn!("some requests did not end in time and were cut off");
        }
    }

    fn builder(&self) -> Builder<TokioExecutor> {
        let mut builder = Builder::new(TokioExecutor::new());
        builder
            .http1()
            .timer(TokioTimer::new())
            .header_read_timeout(self.limits.header_time_max)
            .max_buf_size(self.limits.header_bytes_max.max(8_192));
        let headers = u32::try_from(self.limits.header_bytes_max).unwrap_or(u32::MAX);
        builder
            .http2()
            .timer(TokioTimer::new())
            .max_header_list_size(headers)
            .keep_alive_interval(self.limits.header_time_max);
        builder
    }
}

/// One connection before its first request.
struct Connection {
    builder: Builder<TokioExecutor>,
    router: Router,
    tls: Option<Tls>,
    watcher: hyper_util::server::graceful::Watcher,
    peer: SocketAddr,
}

impl Connection {
    async fn serve(self, stream: TcpStream) {
        let Some(tls) = &self.tls else { return self.serve_http(stream).await };
        let accepting = TlsAcceptor::from(tls.current()).accept(stream);
        match tokio::time::timeout(HANDSHAKE_TIME_MAX, accepting).await {
            Ok(Ok(stream)) => self.serve_http(stream).await,
            Ok(Err(error)) => tracing::debug!(peer = %self.peer, %error, "no TLS"),
            Err(_) => tracing::debug!(peer = %self.peer, "no TLS in time"),
        }
    }

    async fn serve_http(self, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) {
        let peer = Peer(self.peer);
        let service = self.router.map_request(move |mut request: Request<Body>| {
            request.extensions_mut().insert(peer);
            request
        });
        let service =
            service.map_request(|request: Request<hyper::body::Incoming>| request.map(Body::new));
        let connection = self
            .builder
            .serve_connection(TokioIo::new(stream), TowerToHyperService::new(service))
            .into_owned();
        if let Err(error) = self.watcher.watch(connection).await {
            tracing::debug!(peer = %self.peer, %error, "a connection ended early");
        }
    }
}
