//! Syslog over UDP: a datagram is a message.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::time::Duration;

use socket2::SockRef;
use tokio::net::UdpSocket;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, timeout_at};
use tokio_util::sync::CancellationToken;

use super::framing::{FaultReason, Framed, trim_end};
use super::gather::{RUNS_WAITING_MAX, gather};
use super::run::Run;
use super::{DRAIN_PAUSE, DRAIN_TIME_MAX, SyslogOptions};
use crate::intake::{Intake, Refusal};

/// Longest datagram that there can be.
const DATAGRAM_BYTES_MAX: usize = 64 << 10;

/// Bytes at which a run of datagrams ends and the next begins.
const RUN_BYTES: usize = 64 << 10;

/// Memory that a waiting datagram takes beside its bytes, about.
const DATAGRAM_OVERHEAD_BYTES: usize = 64;

/// Pause after a datagram could not be received.
const ERROR_PAUSE: Duration = Duration::from_millis(10);

/// Receives until `stop`; then takes what the system already holds, stores it and returns. Close
/// the intake after that, not before.
///
/// While the intake refuses, datagrams wait in memory; those that do not fit are dropped and
/// counted in `headwater_udp_dropped_total`.
///
/// # Errors
/// As [`super::serve_tcp`].
pub async fn serve_udp(
    socket: UdpSocket,
    intake: Intake,
    options: SyslogOptions,
    stop: CancellationToken,
) -> Result<(), Refusal> {
    // The system gives what it allows; less is no reason not to serve.
    let _ = SockRef::from(&socket).set_recv_buffer_size(options.udp_receive_buffer_bytes);
    let (runs, receiver) = mpsc::channel(RUNS_WAITING_MAX);
    let (stored, ()) = tokio::join!(
        gather(receiver, &intake, &options),
        receive(socket, &intake, &options, runs, stop),
    );
    stored
}

async fn receive(
    socket: UdpSocket,
    intake: &Intake,
    options: &SyslogOptions,
    runs: mpsc::Sender<Run>,
    stop: CancellationToken,
) {
    let mut waiting = Waiting::new(options);
    let mut buffer = vec![0; DATAGRAM_BYTES_MAX];
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => break,
            place = runs.reserve(), if !waiting.runs.is_empty() => match place {
                Ok(place) => waiting.give(place),
                Err(_) => return,
            },
            received = socket.recv_from(&mut buffer) => match received {
                Ok((bytes, peer)) => {
                    let now = intake.now();
                    let datagram = buffer.get(..bytes).unwrap_or_default();
                    waiting.add(datagram, peer.ip(), || Run::new(now));
                    // What else is there goes into the same run.
                    while waiting.last_bytes() < RUN_BYTES
                        && let Ok((bytes, peer)) = socket.try_recv_from(&mut buffer)
                    {
                        let datagram = buffer.get(..bytes).unwrap_or_default();
                        waiting.add(datagram, peer.ip(), || Run::new(now));
                    }
                }
                Err(_) => sleep(ERROR_PAUSE).await,
            },
        }
    }
    let drained_by = Instant::now() + DRAIN_TIME_MAX;
    loop {
        let end = drained_by.min(Instant::now() + DRAIN_PAUSE);
        let received = timeout_at(end, socket.recv_from(&mut buffer)).await;
        let Ok(Ok((bytes, peer))) = received else { break };
        let datagram = buffer.get(..bytes).unwrap_or_default();
        waiting.add(datagram, peer.ip(), || Run::new(intake.now()));
    }
    drop(socket);
    while !waiting.runs.is_empty()
        && let Ok(place) = runs.reserve().await
    {
        waiting.give(place);
    }
}

/// Datagrams that were received and not gathered yet.
#[derive(Debug)]
struct Waiting {
    message_bytes_max: usize,
    bytes_max: usize,
    runs: VecDeque<Run>,
    bytes: usize,
}

impl Waiting {
    const fn new(options: &SyslogOptions) -> Self {
        Self {
            message_bytes_max: options.message_bytes_max,
            bytes_max: options.udp_waiting_bytes_max,
            runs: VecDeque::new(),
            bytes: 0,
        }
    }

    /// Keeps a datagram, or drops and counts it; tells which.
    fn add(&mut self, datagram: &[u8], peer: IpAddr, new_run: impl FnOnce() -> Run) -> bool {
        let message = trim_end(datagram);
        if message.trim_ascii().is_empty() {
            return true;
        }
        if self.bytes + message.len() + DATAGRAM_OVERHEAD_BYTES > self.bytes_max {
            metrics::counter!("headwater_udp_dropped_total", "source" => super::SOURCE)
                .increment(1);
            return false;
        }
        let framed = if message.len() > self.message_bytes_max {
            let bytes_max = self.message_bytes_max;
            Framed::Fault(message, FaultReason::TooLong { bytes_max })
        } else {
            Framed::Message(message)
        };
        self.bytes += message.len() + DATAGRAM_OVERHEAD_BYTES;
        if self.last_bytes() >= RUN_BYTES || self.runs.is_empty() {
            self.runs.push_back(new_run());
        }
        if let Some(run) = self.runs.back_mut() {
            run.add(framed, peer);
        }
        true
    }

    /// Bytes of the run that datagrams are added to.
    fn last_bytes(&self) -> usize {
        self.runs.back().map_or(0, Run::bytes)
    }

    /// Hands over the oldest run.
    fn give(&mut self, place: mpsc::Permit<'_, Run>) {
        if let Some(run) = self.runs.pop_front() {
            self.bytes -= run.bytes() + run.len() * DATAGRAM_OVERHEAD_BYTES;
            place.send(run);
        }
    }
}

#[cfg(test)]
mod tests {
    use headwater_event::Timestamp;

    use super::*;

    #[test]
    fn datagrams_that_do_not_fit_are_dropped_until_others_are_gathered() {
        let overhead = DATAGRAM_OVERHEAD_BYTES;
        let options = SyslogOptions {
            message_bytes_max: 10,
            udp_waiting_bytes_max: 2 * (overhead + 10),
            ..SyslogOptions::default()
        };
        let mut waiting = Waiting::new(&options);
        let add = |datagram: &[u8], waiting: &mut Waiting| {
            waiting
                .add(datagram, IpAddr::from([127, 0, 0, 1]), || Run::new(Timestamp::from_micros(0)))
        };
        assert!(add(b"<1>6789ab\n\0", &mut waiting));
        assert!(add(b"<1>6789abc", &mut waiting));
        assert!(!add(b"c", &mut waiting));
        assert!(add(b" \n", &mut waiting), "there is nothing to drop");
        let (runs, mut gathered) = mpsc::channel(1);
        waiting.give(runs.try_reserve().unwrap());
        assert_eq!(waiting.bytes, 0);
        assert_eq!(gathered.try_recv().unwrap().len(), 2);
        assert!(add(b"c", &mut waiting));
    }
}
