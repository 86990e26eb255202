//! From settings and flags to the parts that commands work with: lake, pipeline, limits.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use headwater_access::TokenFile;
use headwater_config::{Config, Environment, LogFormat};
use headwater_event::{ErrorKind, Timestamp};
use headwater_ingest::{IngestContext, IngestOptions, RawPolicy};
use headwater_lake::hidden::HiddenOptions;
use headwater_lake::{Durability, Lake, LakeOptions, Table, WriterOptions};
use headwater_pipeline::{Pipeline, PipelineOptions, Plugin};
use headwater_query::SessionOptions;
use headwater_sources::files::ObjectStores;

use crate::arguments::{self, Global};
use crate::failure::Failure;
use crate::watch_lists::WatchLists;

/// A chunk of records is at most this share of the memory for rows, so that small limits are kept.
const CHUNKS_PER_BUFFER: usize = 16;

/// Smallest and largest size of a chunk in bytes.
const CHUNK_BYTES: std::ops::RangeInclusive<usize> = (4 << 10)..=(1 << 20);

/// Where a server keeps what is its own.
const DATA_FOLDER: &str = ".headwater";

/// The server's tokens, in its data folder.
const TOKEN_FILE: &str = "tokens.json";

/// Valid settings of this run.
#[derive(Debug)]
pub(crate) struct Context {
    config: Config,
    environment: Environment,
}

/// Flags of one command that win over the settings.
#[derive(Debug, Default)]
pub(crate) struct Overrides {
    /// Folder with VRL plugins.
    pub(crate) plugins: Option<PathBuf>,
}

/// The time of day.
pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}

fn load(global: &Global, environment: &Environment) -> Result<Config, Failure> {
    let log_format = global.log_format.map(|format| match format {
        arguments::LogFormat::Text => LogFormat::Text,
        arguments::LogFormat::Json => LogFormat::Json,
    });
    let overrides = headwater_config::Overrides {
        config: global.config.clone(),
        lake: global.lake.clone(),
        log_format,
    };
    Ok(Config::load(&overrides, environment)?)
}

/// Sends log lines to standard error as the settings say. Wrong settings are reported by the
/// command.
pub(crate) fn start_logging(global: &Global) {
    let environment = Environment::read();
    let log = load(global, &environment).map(|config| config.log).unwrap_or(Config::default().log);
    let level = log.level.name();
    // Libraries speak only when something is wrong.
    let filter = format!(
        "warn,headwater={level},headwater_ingest={level},headwater_lake={level},\
         headwater_server={level},headwater_sources={level},headwater_journal={level}"
    );
    let builder = tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::new(filter))
        .with_writer(std::io::stderr);
    match log.format {
        LogFormat::Json => builder.json().init(),
        LogFormat::Text => builder.with_ansi(!environment.no_color()).with_target(false).init(),
    }
}

impl Context {
    /// Reads the settings.
    pub(crate) fn load(global: &Global) -> Result<Self, Failure> {
        let environment = Environment::read();
        Ok(Self { config: load(global, &environment)?, environment })
    }

    /// Where the settings come from.
    pub(crate) fn origin(&self) -> String {
        match &self.config.file {
            Some(file) => file.display().to_string(),
            None => "defaults (no headwater.yaml)".to_owned(),
        }
    }

    /// Opens the lake; no I/O.
    pub(crate) fn lake(&self) -> Result<Lake, Failure> {
        let durability = match self.config.lake.durability {
            headwater_config::Durability::Fsync => Durability::Fsync,
            headwater_config::Durability::None => Durability::None,
        };
        let storage = self.storage()?.collect();
        let options = LakeOptions { storage, durability, ..LakeOptions::default() };
        Ok(Lake::open(&self.config.lake.url, options)?)
    }

    fn storage(&self) -> Result<impl Iterator<Item = (String, String)> + use<>, Failure> {
        let options = self.config.storage_options(&self.environment)?;
        Ok(options.into_iter().map(|(name, secret)| (name, secret.expose().to_owned())))
    }

    /// A table that must exist.
    pub(crate) async fn existing_table(&self, name: &str) -> Result<Table, Failure> {
        let lake = self.lake()?;
        let table = lake.table(name)?;
        if table.exists().await? {
            return Ok(table);
        }
        let known = lake.tables().await?;
        let advice = if known.is_empty() {
            "the lake has no tables yet: headwater ingest FILE… makes them".to_owned()
        } else {
            format!("tables are {}", known.join(", "))
        };
        let message = format!("there is no table `{name}` in {}: {advice}", lake.url());
        Err(Failure::new(ErrorKind::NotFound, message))
    }

    /// Built-in mappings to OCSF, built-in plugins and the user's.
    pub(crate) fn pipeline(&self, plugins: Option<&PathBuf>) -> Result<Arc<Pipeline>, Failure> {
        self.pipeline_with(plugins, self.config.ingest.ocsf)
    }

    fn pipeline_with(
        &self,
        plugins: Option<&PathBuf>,
        ocsf: bool,
    ) -> Result<Arc<Pipeline>, Failure> {
        let mut all: Vec<Box<dyn Plugin>> = headwater_normalizers::all();
        all.extend(headwater_enrichers::all());
        if let Some(folder) = plugins.or(self.config.plugins.folder.as_ref()) {
            all.extend(headwater_pipeline::vrl::load_folder(folder)?);
        }
        let mappings = headwater_normalizers::mappings::all();
        let mappings = if ocsf { mappings } else { Vec::new() };
        Ok(Arc::new(Pipeline::with_mappings(mappings, all, PipelineOptions::default())?))
    }

    /// Options of all object stores: those of the environment, then those of the settings.
    pub(crate) fn object_store_options(
        &self,
    ) -> Result<impl Iterator<Item = (String, String)>, Failure> {
        let schemes = ["s3://", "az://", "gs://"].into_iter();
        let options = schemes.flat_map(|scheme| self.environment.storage_options(scheme));
        let exposed = options.map(|(name, secret)| (name, secret.expose().to_owned()));
        Ok(exposed.chain(self.storage()?))
    }

    /// Options of the object store of another place than the lake: those of the environment, and
    /// those of the settings where it is of the lake's kind.
    pub(crate) fn storage_options_of(
        &self,
        place: &str,
    ) -> Result<BTreeMap<String, String>, Failure> {
        let scheme = |url: &str| url.split_once("://").map(|(scheme, _)| scheme.to_owned());
        if scheme(place).is_some() && scheme(place) == scheme(&self.config.lake.url) {
            return Ok(self.storage()?.collect());
        }
        let options = self.environment.storage_options(place).into_iter();
        Ok(options.map(|(name, secret)| (name, secret.expose().to_owned())).collect())
    }

    /// Buckets that inputs may lie in.
    pub(crate) fn object_stores(&self) -> Result<ObjectStores, Failure> {
        let runtime = tokio::runtime::Handle::current();
        Ok(ObjectStores::new(runtime, self.object_store_options()?))
    }

    /// What a run of the data path needs.
    pub(crate) fn ingest(&self, overrides: &Overrides) -> Result<IngestContext, Failure> {
        let pipeline = self.pipeline(overrides.plugins.as_ref())?;
        WatchLists::of(self).watch(&pipeline)?;
        Ok(IngestContext {
            lake: self.lake()?,
            pipeline,
            stores: self.object_stores()?,
            writer: WriterOptions {
                hidden: HiddenOptions {
                    columns_max: self.config.ingest.hidden_columns,
                    ..HiddenOptions::at_ingest()
                },
                ..WriterOptions::default()
            },
            now,
        })
    }

    /// The same, with OCSF also where the settings switch it off while ingesting.
    pub(crate) fn ingest_with_ocsf(&self, overrides: &Overrides) -> Result<IngestContext, Failure> {
        let pipeline = self.pipeline_with(overrides.plugins.as_ref(), true)?;
        Ok(IngestContext { pipeline, ..self.ingest(overrides)? })
    }

    /// Settings of a run of the data path.
    pub(crate) fn ingest_options(&self) -> IngestOptions {
        let settings = &self.config.ingest;
        let mut options = IngestOptions::default();
        if let Some(workers) = settings.workers {
            options.workers = workers.get();
        }
        options.buffer_bytes_max = settings.buffer_bytes_max;
        options.read.record_bytes_max = settings.record_bytes_max;
        options.read.wrapper_keys.clone_from(&settings.records_keys);
        options.read.chunk_bytes = (settings.buffer_bytes_max / CHUNKS_PER_BUFFER)
            .clamp(*CHUNK_BYTES.start(), *CHUNK_BYTES.end());
        options.raw = RawPolicy { keep: settings.keep_raw, off_for: settings.raw_off_for.clone() };
        options
    }

    /// The settings themselves.
    pub(crate) const fn config(&self) -> &Config {
        &self.config
    }

    /// What the environment says.
    pub(crate) const fn environment(&self) -> &Environment {
        &self.environment
    }

    /// Folder of the journal and the tokens: as set, else inside a local lake, else beside the
    /// settings file.
    pub(crate) fn data_folder(&self) -> Result<PathBuf, Failure> {
        if let Some(folder) = &self.config.serve.data_folder {
            return Ok(folder.clone());
        }
        let beside = match self.lake()?.url().to_file_path() {
            Ok(folder) => folder,
            Err(()) => {
                let file = self.config.file.as_ref().and_then(|file| file.parent());
                file.map(PathBuf::from).unwrap_or_default()
            }
        };
        Ok(beside.join(DATA_FOLDER))
    }

    /// The tokens of the server.
    pub(crate) fn token_file(&self) -> Result<TokenFile, Failure> {
        Ok(TokenFile::new(self.data_folder()?.join(TOKEN_FILE)))
    }

    /// Limits of a SQL session.
    pub(crate) fn session_options(&self) -> SessionOptions {
        let settings = &self.config.query;
        SessionOptions {
            memory_bytes_max: settings.memory_bytes_max,
            timeout: settings.timeout,
            rows_max: settings.rows_max,
            spill_folder: settings.spill_folder.clone(),
            threads: None,
            aliases: self.config.aliases.clone(),
            ..SessionOptions::default()
        }
    }
}
