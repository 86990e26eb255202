//! Syslog over TCP, with or without TLS.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout, timeout_at};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_util::sync::CancellationToken;

use super::framing::Framer;
use super::gather::{RUNS_WAITING_MAX, gather};
use super::run::Run;
use super::{DRAIN_PAUSE, DRAIN_TIME_MAX, SyslogOptions};
use crate::intake::{Intake, Refusal};

/// Bytes that are read at a time from one connection.
const READ_BYTES: usize = 32 << 10;

/// Longest time for a TLS handshake.
const HANDSHAKE_TIME_MAX: Duration = Duration::from_secs(10);

/// Pause after a connection could not be accepted, for example for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Silence after which a sender is asked whether it is still there.
const PROBE_TIME: Duration = Duration::from_secs(60);

/// What tells the settings for the next handshake: those may change while a server runs.
pub type CurrentTls = Arc<dyn Fn() -> Arc<ServerConfig> + Send + Sync>;

/// Serves connections until `stop`; then takes what senders have already sent, stores it and
/// returns. Close the intake after that, not before. With TLS a client certificate is asked for
/// when the configuration says so.
///
/// While the intake refuses, returning waits too; dropping the future gives up what was read.
///
/// # Errors
/// What was read can never be stored: the intake is closed, or the journal's entries are smaller
/// than [`SyslogOptions::batch_bytes`].
pub async fn serve_tcp(
    listener: TcpListener,
    tls: Option<CurrentTls>,
    intake: Intake,
    options: SyslogOptions,
    stop: CancellationToken,
) -> Result<(), Refusal> {
    let (runs, receiver) = mpsc::channel(RUNS_WAITING_MAX);
    let server = Server { intake: intake.clone(), options: options.clone(), runs, stop };
    let (stored, ()) =
        tokio::join!(gather(receiver, &intake, &options), server.accept(listener, tls));
    stored
}

/// What connections share.
#[derive(Debug, Clone)]
struct Server {
    intake: Intake,
    options: SyslogOptions,
    runs: mpsc::Sender<Run>,
    stop: CancellationToken,
}

impl Server {
    /// Accepts until stopped, or until nobody gathers any more; returns once all connections ended.
    async fn accept(self, listener: TcpListener, tls: Option<CurrentTls>) {
        let places = Arc::new(Semaphore::new(self.options.connections_max));
        let mut connections = JoinSet::new();
        loop {
            let accepted = tokio::select! {
                () = self.stop.cancelled() => break,
                () = self.runs.closed() => break,
                Some(_) = connections.join_next() => continue,
                accepted = accept_one(&listener, &places) => accepted,
            };
            match accepted {
                Ok((stream, peer, place)) => {
                    let tls = tls.as_ref().map(|current| TlsAcceptor::from(current()));
                    let connection = self.clone().connection(stream, peer, tls);
                    connections.spawn(async move {
                        connection.await;
                        drop(place);
                    });
                }
                Err(_) => sleep(ACCEPT_PAUSE).await,
            }
        }
        drop(listener);
        while connections.join_next().await.is_some() {}
    }

    async fn connection(self, stream: TcpStream, peer: IpAddr, tls: Option<TlsAcceptor>) {
        let Some(tls) = tls else { return self.read(stream, peer).await };
        let handshake = tokio::select! {
            () = self.stop.cancelled() => return,
            handshake = timeout(HANDSHAKE_TIME_MAX, tls.accept(stream)) => handshake,
        };
        match handshake {
            Ok(Ok(stream)) => self.read(stream, peer).await,
            Ok(Err(_)) | Err(_) => {
                metrics::counter!("headwater_failed_handshakes_total", "source" => super::SOURCE)
                    .increment(1);
            }
        }
    }

    /// Reads until the sender ends, is silent for too long, or the server stops.
    async fn read(self, mut stream: impl AsyncRead + Unpin, peer: IpAddr) {
        let mut framer = Framer::new(self.options.message_bytes_max);
        let mut buffer = vec![0; READ_BYTES];
        let mut drained_by = None;
        loop {
            let bytes = match drained_by {
                None => tokio::select! {
                    () = self.stop.cancelled() => {
                        drained_by = Some(Instant::now() + DRAIN_TIME_MAX);
                        continue;
                    }
                    read = timeout(self.options.idle_time_max, stream.read(&mut buffer)) => read,
                },
                Some(end) => {
                    let end = end.min(Instant::now() + DRAIN_PAUSE);
                    timeout_at(end, stream.read(&mut buffer)).await
                }
            };
            // The end, an error (what came before it is whole), or nothing for too long.
            let Ok(Ok(bytes @ 1..)) = bytes else { break };
            let mut run = Run::new(self.intake.now());
            let bytes = buffer.get(..bytes).unwrap_or_default();
            framer.push(bytes, &mut |framed| run.add(framed, peer));
            if !run.is_empty() && self.runs.send(run).await.is_err() {
                return;
            }
        }
        let mut run = Run::new(self.intake.now());
        framer.finish(&mut |framed| run.add(framed, peer));
        if !run.is_empty() {
            // Nobody gathers any more: the error says so where it arose.
            let _ = self.runs.send(run).await;
        }
    }
}

/// The next connection, once there is a place for it.
async fn accept_one(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> io::Result<(TcpStream, IpAddr, OwnedSemaphorePermit)> {
    let place = Arc::clone(places).acquire_owned().await.map_err(io::Error::other)?;
    let (stream, peer) = listener.accept().await?;
    // Probes find senders that went away without a word; without them the idle time does.
    let _ = SockRef::from(&stream).set_tcp_keepalive(&TcpKeepalive::new().with_time(PROBE_TIME));
    Ok((stream, peer.ip(), place))
}
