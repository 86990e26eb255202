//! The source over real sockets in front of a real journal: what was sent is read back from there.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use headwater_event::Timestamp;
use headwater_journal::{Journal, JournalOptions, JournalReader, Next, Release};
use metrics::{Counter, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use tempfile::TempDir;
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::{CryptoProvider, ring};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{ClientConfig, RootCertStore, ServerConfig};
use tokio_util::sync::CancellationToken;

use super::{CurrentTls, SyslogOptions, serve_tcp, serve_udp};
use crate::envelope_batch::EnvelopeBatch;
use crate::intake::{Intake, IntakeLimits, Refusal};

/// A journal in a temporary folder, and what listens in front of it.
struct Setup {
    _folder: TempDir,
    journal: Journal,
    intake: Intake,
    stop: CancellationToken,
}

impl Setup {
    fn new(options: JournalOptions) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (journal, _) = Journal::open(folder.path(), options, |_| 0).unwrap();
        let (_, committed) = watch::channel(0);
        let now = || Timestamp::from_micros(7);
        let intake = Intake::new(journal.clone(), committed, IntakeLimits::default(), now);
        Self { _folder: folder, journal, intake, stop: CancellationToken::new() }
    }

    async fn tcp(
        &self,
        options: SyslogOptions,
        tls: Option<ServerConfig>,
    ) -> (SocketAddr, JoinHandle<Result<(), Refusal>>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (intake, stop) = (self.intake.clone(), self.stop.clone());
        let tls = tls.map(|config| {
            let config = Arc::new(config);
            Arc::new(move || Arc::clone(&config)) as CurrentTls
        });
        (address, tokio::spawn(serve_tcp(listener, tls, intake, options, stop)))
    }

    async fn udp(&self, options: SyslogOptions) -> (SocketAddr, JoinHandle<Result<(), Refusal>>) {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap();
        let (intake, stop) = (self.intake.clone(), self.stop.clone());
        (address, tokio::spawn(serve_udp(socket, intake, options, stop)))
    }

    /// The next records, as [`describe`] tells them; entries are released once they are read.
    async fn records(&self, reader: JournalReader, count: usize) -> (Vec<String>, usize) {
        let journal = self.journal.clone();
        let read = move || read_records(reader, &journal, count);
        tokio::task::spawn_blocking(read).await.unwrap()
    }
}

/// Records, and how many entries they came in.
fn read_records(
    mut reader: JournalReader,
    journal: &Journal,
    count: usize,
) -> (Vec<String>, usize) {
    let mut records = Vec::new();
    let mut entries = 0;
    while records.len() < count {
        let Next::Entry(entry) = reader.read().unwrap() else { panic!("the journal is whole") };
        records.extend(describe(&entry.payload));
        entries += 1;
        journal.release(entry.sequence + 1).unwrap();
    }
    (records, entries)
}

/// All records until the journal is closed.
fn read_all(mut reader: JournalReader, release: &Release) -> Vec<String> {
    let mut records = Vec::new();
    while let Next::Entry(entry) = reader.read().unwrap() {
        records.extend(describe(&entry.payload));
        release.release(entry.sequence + 1).unwrap();
    }
    records
}

/// Records as text: host, original, JSON where it differs, or the reason of a fault.
fn describe(payload: &[u8]) -> Vec<String> {
    let chunk = EnvelopeBatch::decode(payload.to_vec(), 0).unwrap().freeze();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let records = chunk.records().map(|record| {
        assert_eq!(&*record.origin.name, "syslog://127.0.0.1");
        assert_eq!(record.origin.sourcetype.as_deref(), Some("syslog"));
        assert_eq!((record.time, record.received_at), (None, Some(Timestamp::from_micros(7))));
        let source = record.origin.source.as_deref().map(|source| format!("{source} "));
        let meaning = match (record.json, record.fault) {
            (Some(json), _) if json == record.original => String::new(),
            (Some(json), _) => format!(" {}", text(json)),
            (None, fault) => format!(" !{}", fault.unwrap().reason),
        };
        let host = record.origin.host.as_deref().unwrap();
        format!("{}{host}: {}{meaning}", source.unwrap_or_default(), text(record.original))
    });
    records.collect()
}

/// A journal that a test fills.
const SMALL_JOURNAL: JournalOptions = JournalOptions {
    bytes_max: 200_000,
    segment_bytes_max: 20_000,
    entry_bytes_max: 1 << 20,
    group_bytes_max: 1 << 20,
    waiting_max: 16,
};

/// Counts what the source reports, on the thread of the test.
#[derive(Default)]
struct Counters {
    refused: Arc<AtomicU64>,
    dropped: Arc<AtomicU64>,
}

impl Counters {
    fn refused(&self) -> usize {
        self.refused.load(Ordering::Relaxed).try_into().unwrap()
    }

    fn dropped(&self) -> usize {
        self.dropped.load(Ordering::Relaxed).try_into().unwrap()
    }
}

impl Recorder for Counters {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        match key.name() {
            "headwater_refused_requests_total" => Counter::from_arc(Arc::clone(&self.refused)),
            "headwater_udp_dropped_total" => Counter::from_arc(Arc::clone(&self.dropped)),
            _ => Counter::noop(),
        }
    }

    fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::noop()
    }

    fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::noop()
    }
}

async fn send(address: SocketAddr, bytes: &[u8]) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    stream.shutdown().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_of_a_connection_become_records_with_their_host() {
    let setup = Setup::new(JournalOptions::default());
    let options = SyslogOptions {
        source: Some("edge".into()),
        message_bytes_max: 60,
        ..SyslogOptions::default()
    };
    let (address, server) = setup.tcp(options, None).await;
    let long = "x".repeat(61);
    let stream = format!(
        "<13>Nov 20 10:00:00 gate7 pump: on\n21 <13>1 - gate8 - - - -<13>off\0{{\"a\":1}}\r\n{long}\n"
    );
    send(address, stream.as_bytes()).await;
    let (records, entries) = setup.records(setup.journal.reader(0), 6).await;
    let expected = [
        r#"edge gate7: <13>Nov 20 10:00:00 gate7 pump: on {"message":"on","timestamp":"Nov 20 10:00:00","hostname":"gate7","program":"pump","facility":"user","severity":"NOTICE"}"#,
        r#"edge gate8: <13>1 - gate8 - - - - {"message":"","hostname":"gate8","facility":"user","severity":"NOTICE"}"#,
        r#"edge 127.0.0.1: <13>off {"message":"off","facility":"user","severity":"NOTICE"}"#,
        r#"edge 127.0.0.1: {"a":1}"#,
        &format!("edge 127.0.0.1: {} !syslog message is longer than 60 bytes", &long[..60]),
        "edge 127.0.0.1: x !syslog message is longer than 60 bytes",
    ];
    assert_eq!(records, expected);
    assert_eq!(entries, 1);
    setup.stop.cancel();
    server.await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_of_many_connections_share_an_entry() {
    let setup = Setup::new(JournalOptions::default());
    let messages: Vec<String> = (10..30).map(|number| format!("<13>{number}")).collect();
    // The entry is complete when all of them are there.
    let options = SyslogOptions {
        batch_bytes: messages.concat().len(),
        batch_age: Duration::from_secs(3_600),
        connections_max: 3,
        ..SyslogOptions::default()
    };
    let (address, server) = setup.tcp(options, None).await;
    for message in &messages {
        send(address, message.as_bytes()).await;
    }
    let (mut records, entries) = setup.records(setup.journal.reader(0), messages.len()).await;
    records.sort_unstable();
    for (record, message) in records.iter().zip(&messages) {
        assert!(record.starts_with(&format!("127.0.0.1: {message} {{")), "{record}");
    }
    assert_eq!((records.len(), entries), (messages.len(), 1));
    setup.stop.cancel();
    server.await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn stopping_takes_what_was_sent_and_ends_open_connections() {
    let setup = Setup::new(JournalOptions::default());
    let (address, server) = setup.tcp(SyslogOptions::default(), None).await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(b"<13>first\n").await.unwrap();
    let (records, _) = setup.records(setup.journal.reader(0), 1).await;
    assert!(records[0].starts_with("127.0.0.1: <13>first "), "{records:?}");
    stream.write_all(b"<13>second\n<13>no end").await.unwrap();
    setup.stop.cancel();
    server.await.unwrap().unwrap();
    let (records, _) = setup.records(setup.journal.reader(1), 2).await;
    let originals: Vec<&str> =
        records.iter().map(|text| text.split(" {").next().unwrap()).collect();
    assert_eq!(originals, ["127.0.0.1: <13>second", "127.0.0.1: <13>no end"]);
}

#[tokio::test]
async fn senders_wait_while_the_journal_is_full_and_lose_nothing() {
    const MESSAGES: usize = 3_000;
    let counters = Counters::default();
    let _guard = metrics::set_default_local_recorder(&counters);
    let setup = Setup::new(SMALL_JOURNAL);
    let options = SyslogOptions { batch_bytes: 8_000, ..SyslogOptions::default() };
    let (address, server) = setup.tcp(options, None).await;
    let padding = "p".repeat(300);
    let stream: String = (0..MESSAGES).map(|number| format!("<13>{number} {padding}\n")).collect();
    let sender = tokio::spawn(async move { send(address, stream.as_bytes()).await });
    while counters.refused() == 0 {
        tokio::task::yield_now().await;
    }
    let (records, _) = setup.records(setup.journal.reader(0), MESSAGES).await;
    assert_eq!(records.len(), MESSAGES);
    for (number, record) in records.iter().enumerate() {
        assert!(record.starts_with(&format!("127.0.0.1: <13>{number} p")), "{number}: {record}");
    }
    sender.await.unwrap();
    setup.stop.cancel();
    server.await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_intake_ends_the_source_with_an_error() {
    let setup = Setup::new(JournalOptions::default());
    let (address, server) = setup.tcp(SyslogOptions::default(), None).await;
    setup.intake.close();
    send(address, b"<13>late\n").await;
    assert!(matches!(server.await.unwrap(), Err(Refusal::Closing)));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_datagram_is_a_message() {
    let setup = Setup::new(JournalOptions::default());
    let options = SyslogOptions { message_bytes_max: 30, ..SyslogOptions::default() };
    let (address, server) = setup.udp(options).await;
    let sender = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let long = "y".repeat(31);
    for datagram in [
        "<13>two\nlines\n",
        "<13>nul\0",
        "\n",
        "<13>Nov 20 10:00:00 gate7 p: x",
        "{\"a\":1}",
        &long,
    ] {
        sender.send_to(datagram.as_bytes(), address).await.unwrap();
    }
    let (mut records, _) = setup.records(setup.journal.reader(0), 4).await;
    setup.stop.cancel();
    server.await.unwrap().unwrap();
    if records.len() < 5 {
        let from = setup.journal.reader(0);
        records = setup.records(from, 5).await.0;
    }
    let expected = [
        r#"127.0.0.1: <13>two"#.to_owned() + "\nlines" + r#" {"message":"two\nlines","facility":"user","severity":"NOTICE"}"#,
        r#"127.0.0.1: <13>nul {"message":"nul","facility":"user","severity":"NOTICE"}"#.into(),
        r#"gate7: <13>Nov 20 10:00:00 gate7 p: x {"message":"x","timestamp":"Nov 20 10:00:00","hostname":"gate7","program":"p","facility":"user","severity":"NOTICE"}"#.into(),
        r#"127.0.0.1: {"a":1}"#.into(),
        format!("127.0.0.1: {long} !syslog message is longer than 30 bytes"),
    ];
    assert_eq!(records, expected);
}

#[tokio::test]
async fn datagrams_wait_while_the_journal_is_full_and_drops_are_counted() {
    let counters = Counters::default();
    let _guard = metrics::set_default_local_recorder(&counters);
    let setup = Setup::new(SMALL_JOURNAL);
    let options = SyslogOptions {
        batch_bytes: 8_000,
        udp_waiting_bytes_max: 20_000,
        ..SyslogOptions::default()
    };
    let (address, server) = setup.udp(options).await;
    let sender = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let padding = "p".repeat(300);
    let mut sent = 0;
    while counters.refused() == 0 || counters.dropped() == 0 {
        let message = format!("<13>{sent} {padding}");
        sender.send_to(message.as_bytes(), address).await.unwrap();
        sent += 1;
        tokio::task::yield_now().await;
    }
    setup.stop.cancel();
    let (reader, release) = (setup.journal.reader(0), setup.journal.releaser());
    let stored = tokio::task::spawn_blocking(move || read_all(reader, &release));
    server.await.unwrap().unwrap();
    let Setup { journal, intake, .. } = setup;
    intake.close();
    drop(journal);
    let records = stored.await.unwrap();
    assert_eq!(records.len() + counters.dropped(), sent);
    let number = |record: &String| -> usize {
        let text = record.strip_prefix("127.0.0.1: <13>").unwrap();
        text.split(' ').next().unwrap().parse().unwrap()
    };
    assert!(records.iter().map(number).is_sorted_by(|before, after| before < after));
}

/// Configurations of both ends; the server wants the client's certificate.
fn tls_configurations() -> (ServerConfig, ClientConfig, ClientConfig) {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let certificate = CertificateDer::from(cert.der().to_vec());
    let key = || PrivateKeyDer::try_from(signing_key.serialize_der()).unwrap();
    let provider: Arc<CryptoProvider> = Arc::new(ring::default_provider());
    let mut roots = RootCertStore::empty();
    roots.add(certificate.clone()).unwrap();
    let roots = Arc::new(roots);
    let verifier =
        WebPkiClientVerifier::builder_with_provider(Arc::clone(&roots), Arc::clone(&provider));
    let server = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(verifier.build().unwrap())
        .with_single_cert(vec![certificate.clone()], key())
        .unwrap();
    let client = || {
        ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(Arc::clone(&roots))
    };
    let known = client().with_client_auth_cert(vec![certificate.clone()], key()).unwrap();
    (server, known, client().with_no_client_auth())
}

#[tokio::test(flavor = "multi_thread")]
async fn tls_carries_messages_of_clients_with_a_certificate() {
    let setup = Setup::new(JournalOptions::default());
    let (server, known, unknown) = tls_configurations();
    let (address, server) = setup.tcp(SyslogOptions::default(), Some(server)).await;
    let name = ServerName::try_from("localhost").unwrap();
    for (client, message) in [(unknown, "19 <13>from a stranger"), (known, "17 <13>from a friend")]
    {
        let stream = TcpStream::connect(address).await.unwrap();
        let connected = TlsConnector::from(Arc::new(client)).connect(name.clone(), stream).await;
        // In TLS 1.3 a client without a certificate learns of it only when it reads.
        if let Ok(mut stream) = connected {
            let _ = stream.write_all(message.as_bytes()).await;
            let _ = stream.shutdown().await;
        }
    }
    // Text that is not TLS ends its own connection only.
    send(address, b"<13>plain\n").await;
    let (records, _) = setup.records(setup.journal.reader(0), 1).await;
    setup.stop.cancel();
    server.await.unwrap().unwrap();
    assert_eq!(records.len(), 1);
    assert!(records[0].starts_with("127.0.0.1: <13>from a friend "), "{records:?}");
}
