//! `headwater serve`: listeners, journal, tables and queries in one process.

use std::collections::{BTreeMap, HashMap};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use headwater_access::{Access, Token, TokenRecord};
use headwater_config::{Acknowledge, Secret, ServeSettings, check_address};
use headwater_event::ErrorKind;
use headwater_ingest::LiveOptions;
use headwater_journal::JournalOptions;
use headwater_server::{
    ConnectionLimits, Listen, Protocol, Server, ServerOptions, ServerParts, TlsFiles,
};
use headwater_sources::firehose::SecretKey;
use headwater_sources::hec::{AckMode, HecOptions};
use headwater_sources::http::BodyLimits;
use headwater_sources::intake::IntakeLimits;
#[cfg(feature = "kafka")]
use headwater_sources::kafka::{KafkaOptions, KafkaStart};

use crate::bucket_queue::{self, Followed};
use crate::context::{Context, Overrides, now};
use crate::failure::Failure;
use crate::screen;
use crate::watch_lists::WatchLists;

/// Pause between two looks at the file of tokens.
const TOKENS_PAUSE: Duration = Duration::from_secs(2);

/// Arguments of `serve`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  headwater serve
  headwater serve --lake s3://bucket/lake --hec 0.0.0.0:8088
  headwater serve --only --hec 127.0.0.1:8088 --api 127.0.0.1:8080
  headwater serve --kafka kafka-1:9092,kafka-2:9092 --kafka-topic 'winlogbeat*'

Without tokens (headwater init, headwater token create) one is made for this run and shown. A token
in HEADWATER_TOKEN is accepted with all scopes. SIGTERM and Ctrl-C stop after what was accepted is
in the lake, a second one stops at once; SIGHUP reads tokens and certificates again.")]
pub(crate) struct Arguments {
    /// Splunk HTTP Event Collector: HOST:PORT, or off [default: 127.0.0.1:8088]
    #[arg(long, value_name = "ADDRESS")]
    hec: Option<String>,
    /// Elasticsearch and OpenSearch bulk requests [default: 127.0.0.1:9200]
    #[arg(long, value_name = "ADDRESS")]
    elastic: Option<String>,
    /// Amazon Data Firehose [default: 127.0.0.1:8089]
    #[arg(long, value_name = "ADDRESS")]
    firehose: Option<String>,
    /// OpenTelemetry logs over HTTP [default: 127.0.0.1:4318]
    #[arg(long, value_name = "ADDRESS")]
    otlp: Option<String>,
    /// OpenTelemetry logs over gRPC [default: 127.0.0.1:4317]
    #[arg(long, value_name = "ADDRESS")]
    otlp_grpc: Option<String>,
    /// Syslog over TCP and UDP [default: 127.0.0.1:6514]
    #[arg(long, value_name = "ADDRESS")]
    syslog: Option<String>,
    /// Query API, events over plain HTTP, health, metrics [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDRESS")]
    api: Option<String>,
    /// Arrow Flight SQL [default: 127.0.0.1:8815]
    #[arg(long, value_name = "ADDRESS")]
    flight: Option<String>,
    /// Read the objects that this queue of Amazon SQS announces; repeatable
    #[arg(long, value_name = "URL")]
    sqs: Vec<String>,
    /// Read Apache Kafka from these brokers: HOST:PORT, comma-separated
    #[arg(long, value_name = "BROKERS", requires = "kafka_topic", value_delimiter = ',')]
    kafka: Vec<String>,
    /// Topic to read: name, pattern (logs-*) or regular expression (^logs-[a-z]+$); repeatable
    #[arg(long, value_name = "TOPIC", requires = "kafka")]
    kafka_topic: Vec<String>,
    /// Consumer group
    #[arg(long, value_name = "GROUP", requires = "kafka", default_value = "headwater")]
    kafka_group: String,
    /// Listen only where a flag says so
    #[arg(long)]
    only: bool,
    /// Folder with VRL plugins (*.vrl)
    #[arg(long, value_name = "DIR")]
    plugins: Option<std::path::PathBuf>,
}

pub(crate) async fn run(context: &Context, arguments: Arguments) -> Result<ExitCode, Failure> {
    let listen = listen(&context.config().serve, &arguments)?;
    let mut options = options(context, listen)?;
    read_kafka(context, &arguments, &mut options)?;
    let urls = context.config().serve.queues.iter().chain(&arguments.sqs);
    let queues: Vec<_> =
        urls.map(|url| bucket_queue::queue(context, url)).collect::<Result<_, _>>()?;
    let overrides = Overrides { plugins: arguments.plugins };
    let access = access(context)?;
    let parts = ServerParts {
        ingest: context.ingest(&overrides)?,
        session: context.session_options(),
        access: access.clone(),
    };
    let lists = WatchLists::of(context);
    lists.name(&parts.session.indicators)?;
    let pipeline = Arc::clone(&parts.ingest.pipeline);
    tokio::spawn(lists.follow(pipeline, parts.session.indicators.clone()));
    let followed = Followed::start(queues, &parts.ingest, &context.ingest_options());
    let signals = Signals::new()?;
    let server = Server::start(parts, options).await?;
    report(context, &server)?;
    tokio::spawn(watch_tokens(access));
    until_stopped(server, followed, signals).await
}

/// What is listened to where: settings, and flags over them.
fn listen(settings: &ServeSettings, arguments: &Arguments) -> Result<Vec<Listen>, Failure> {
    let flags = BTreeMap::from([
        (Protocol::Hec, &arguments.hec),
        (Protocol::Elastic, &arguments.elastic),
        (Protocol::Firehose, &arguments.firehose),
        (Protocol::Otlp, &arguments.otlp),
        (Protocol::OtlpGrpc, &arguments.otlp_grpc),
        (Protocol::Syslog, &arguments.syslog),
        (Protocol::Api, &arguments.api),
        (Protocol::Flight, &arguments.flight),
    ]);
    let mut listen = Vec::new();
    for protocol in Protocol::ALL {
        let flag = flags.get(&protocol).and_then(|flag| flag.as_deref());
        let set = settings.listen.get(&*protocol.name().replace('-', "_")).map(String::as_str);
        let address = if arguments.only { flag } else { flag.or(set) };
        let Some(address) = address.filter(|address| *address != "off") else { continue };
        check_address(address).map_err(|problem| {
            let message = format!("--{protocol}: {problem}: write HOST:PORT, or off");
            Failure::new(ErrorKind::Invalid, message)
        })?;
        listen.push(Listen { protocol, address: address.to_owned() });
    }
    if listen.is_empty() && arguments.kafka.is_empty() && settings.kafka.is_empty() {
        let message = "every listener is off: there is nothing to serve";
        return Err(Failure::new(ErrorKind::Invalid, message));
    }
    Ok(listen)
}

fn options(context: &Context, listen: Vec<Listen>) -> Result<ServerOptions, Failure> {
    let settings = &context.config().serve;
    let ingest = context.ingest_options();
    let body = BodyLimits {
        stored_bytes_max: settings.request_bytes_max,
        decoded_bytes_max: settings.decompressed_bytes_max,
        time_max: settings.request_time_max,
    };
    Ok(ServerOptions {
        data_folder: context.data_folder()?,
        index_observables: context.config().ingest.index_observables,
        listen,
        tls: settings.tls.as_ref().map(|tls| TlsFiles {
            certificate: tls.certificate.clone(),
            key: tls.key.clone(),
            client_authorities: tls.client_authorities.clone(),
        }),
        journal: JournalOptions {
            bytes_max: settings.journal_bytes_max as u64,
            ..JournalOptions::default()
        },
        live: LiveOptions {
            workers: ingest.workers,
            commit_bytes: settings.commit_bytes,
            commit_age: settings.commit_age,
            raw: ingest.raw,
            ..LiveOptions::default()
        },
        intake: IntakeLimits { in_flight_bytes_max: settings.request_memory_max },
        body,
        connections: ConnectionLimits {
            connections_max: settings.connections_max,
            header_time_max: settings.header_time_max,
            ..ConnectionLimits::default()
        },
        hec: HecOptions {
            ack: match settings.acknowledge {
                Acknowledge::Optional => AckMode::Optional,
                Acknowledge::Required => AckMode::Required,
                Acknowledge::Off => AckMode::Off,
            },
            query_string_token: settings.query_string_token,
            body,
        },
        firehose_keys: firehose_keys(context)?,
        #[cfg(feature = "kafka")]
        kafka: Vec::new(),
        drain_time_max: settings.drain_time_max,
    })
}

/// The clusters of the settings, and that of the flags.
#[cfg(feature = "kafka")]
fn read_kafka(
    context: &Context,
    arguments: &Arguments,
    options: &mut ServerOptions,
) -> Result<(), Failure> {
    let batch_bytes = options.live.job_bytes;
    for (name, set) in &context.config().serve.kafka {
        let properties = context.config().kafka_properties(name, context.environment())?;
        let exposed = |(name, value): (String, Secret)| (name, value.expose().to_owned());
        options.kafka.push(KafkaOptions {
            brokers: set.brokers.clone(),
            topics: set.topics.clone(),
            group: set.group.clone(),
            start: match set.start {
                headwater_config::KafkaStart::Earliest => KafkaStart::Earliest,
                headwater_config::KafkaStart::Latest => KafkaStart::Latest,
            },
            cluster: set.cluster.clone(),
            properties: properties.into_iter().map(exposed).collect(),
            batch_bytes,
        });
    }
    if !arguments.kafka.is_empty() {
        options.kafka.push(KafkaOptions {
            brokers: arguments.kafka.clone(),
            topics: arguments.kafka_topic.clone(),
            group: arguments.kafka_group.clone(),
            start: KafkaStart::default(),
            cluster: None,
            properties: BTreeMap::new(),
            batch_bytes,
        });
    }
    Ok(())
}

#[cfg(not(feature = "kafka"))]
fn read_kafka(
    context: &Context,
    arguments: &Arguments,
    _: &mut ServerOptions,
) -> Result<(), Failure> {
    if arguments.kafka.is_empty() && context.config().serve.kafka.is_empty() {
        return Ok(());
    }
    let message = "this binary was built without Kafka: build it with --features kafka";
    Err(Failure::new(ErrorKind::Invalid, message))
}

fn firehose_keys(context: &Context) -> Result<HashMap<String, SecretKey>, Failure> {
    let keys = context.config().firehose_keys(context.environment())?;
    let secret = |secret: &Secret| SecretKey::from_text(secret.expose().to_owned());
    Ok(keys.iter().map(|(id, key)| (id.clone(), secret(key))).collect())
}

/// The known tokens; the one of the environment, or one for this run when there is no other.
fn access(context: &Context) -> Result<Access, Failure> {
    let file = context.token_file()?;
    if let Some(token) = context.environment().token() {
        let token = Token::from_text(token.expose().to_owned());
        return Ok(Access::open(file, Some(("environment", &token)))?);
    }
    let usable = |token: &TokenRecord| !token.revoked && !token.is_expired(now());
    if file.read()?.iter().any(usable) {
        return Ok(Access::open(file, None)?);
    }
    let token = Token::generate()?;
    screen::note(format_args!("no tokens yet; for this run: {}", token.expose()));
    Ok(Access::open(file, Some(("this run", &token)))?)
}

/// One line per listener.
fn report(context: &Context, server: &Server) -> Result<(), Failure> {
    let recovery = server.recovery();
    if recovery.bytes > 0 {
        let size = screen::size(recovery.bytes);
        screen::note(format_args!("journal: {size} from before go into the lake first"));
    }
    for damage in &recovery.damage {
        let file = damage.file.display();
        screen::note(format_args!("journal: a damaged end was copied to {file}"));
    }
    screen::note(format_args!("lake: {}", context.lake()?.url()));
    for listening in server.listening() {
        let scheme = listening.scheme();
        let names: Vec<&str> = listening.protocols.iter().map(|protocol| protocol.name()).collect();
        let line = format_args!("{} {scheme}://{}", names.join("+"), listening.address);
        if screen::data(line).is_err() {
            // Nobody reads where it listens: no reason to stop.
            tracing::info!("{line}");
        }
    }
    Ok(())
}

/// Learns of new and revoked tokens while the server runs.
async fn watch_tokens(access: Access) {
    let path = access.file().path().to_path_buf();
    let changed = || std::fs::metadata(&path).and_then(|file| file.modified()).ok();
    let mut last = changed();
    loop {
        tokio::time::sleep(TOKENS_PAUSE).await;
        let now = changed();
        if now != last {
            last = now;
            if let Err(error) = access.reload() {
                tracing::error!(%error, "tokens were not reloaded");
            }
        }
    }
}

/// What the system tells the process.
#[cfg(unix)]
struct Signals {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
    hang_up: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn new() -> Result<Self, Failure> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    /// Waits for the next wish to stop; calls `reload` for each wish to reload.
    async fn stop(&mut self, mut reload: impl FnMut()) {
        loop {
            tokio::select! {
                _ = self.terminate.recv() => return,
                _ = self.interrupt.recv() => return,
                _ = self.hang_up.recv() => reload(),
            }
        }
    }
}

async fn until_stopped(
    mut server: Server,
    mut followed: Followed,
    mut signals: Signals,
) -> Result<ExitCode, Failure> {
    let reloader = server.reloader();
    tokio::select! {
        () = signals.stop(|| reloader.reload()) => {}
        failed = server.failed() => return Err(failed.into()),
        failed = followed.failed() => return Err(failed),
    }
    screen::note(format_args!("stopping: what was accepted goes into the lake"));
    let drained = async { tokio::join!(server.drain(), followed.finish()).0 };
    tokio::select! {
        result = drained => {
            result?;
            Ok(ExitCode::SUCCESS)
        }
        () = signals.stop(|| ()) => {
            let message = "stopped at once; what is not in the lake stays in the journal";
            Err(Failure::new(ErrorKind::Unavailable, message))
        }
    }
}
