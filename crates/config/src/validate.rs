//! From what a file says to settings that can be used: ranges, empty values, secrets written out.
//! Pure; finds every problem at once.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use crate::config::{
    Config, IngestSettings, LakeSettings, LogSettings, PluginSettings, QuerySettings,
};
use crate::error::{ConfigError, Place, Problem};
use crate::file::{FileConfig, IngestConfig, LakeConfig, QueryConfig};
use crate::outline::Outline;
use crate::secret::StorageValue;
use crate::units::ByteSize;

/// Threads of the pipeline.
const WORKERS: RangeInclusive<u32> = 1..=1024;

/// Most hidden columns of a file.
const HIDDEN_COLUMNS_MAX: u32 = 1_024;
/// Less makes files of a few rows.
const BUFFER_BYTES: RangeInclusive<ByteSize> =
    ByteSize::kibibytes(64)..=ByteSize::mebibytes(1 << 20);
/// The JSON tree addresses its text with 32 bits and needs room for changes.
const RECORD_BYTES: RangeInclusive<ByteSize> = ByteSize::kibibytes(1)..=ByteSize::mebibytes(1024);
/// Less does not hold the buffers of one Parquet file.
const QUERY_BYTES: RangeInclusive<ByteSize> =
    ByteSize::mebibytes(16)..=ByteSize::mebibytes(1 << 24);

/// Last words in names of options whose value is a secret.
const SECRET_WORDS: [&str; 5] = ["base64", "key", "password", "secret", "token"];

/// Checks the contents of a file. `outline` says where each setting stands in it.
pub(crate) fn validate(
    parsed: FileConfig,
    outline: &Outline,
    file: &Path,
) -> Result<Config, ConfigError> {
    let mut checker = Checker { outline, file, problems: Vec::new() };
    let config = Config {
        file: Some(file.to_owned()),
        lake: checker.lake(parsed.lake),
        aliases: checker.names("aliases", parsed.aliases),
        plugins: PluginSettings { folder: checker.folder("plugins.folder", parsed.plugins.folder) },
        ingest: checker.ingest(parsed.ingest),
        query: checker.query(parsed.query),
        serve: checker.serve(parsed.serve),
        log: LogSettings { format: parsed.log.format, level: parsed.log.level },
    };
    if checker.problems.is_empty() {
        Ok(config)
    } else {
        checker.problems.sort_by_key(|problem| match problem.place {
            Place::File { position, .. } => position,
            _ => None,
        });
        Err(ConfigError::Invalid(checker.problems))
    }
}

pub(crate) struct Checker<'a> {
    outline: &'a Outline,
    file: &'a Path,
    problems: Vec<Problem>,
}

impl Checker<'_> {
    pub(crate) fn reject(&mut self, path: &str, message: impl Into<String>, hint: Option<&str>) {
        let position = self.outline.position_of(path);
        self.problems.push(Problem {
            place: Place::File { file: self.file.to_owned(), position },
            path: path.to_owned(),
            message: message.into(),
            hint: hint.map(str::to_owned),
        });
    }

    fn lake(&mut self, lake: LakeConfig) -> LakeSettings {
        let mut url = lake.url;
        if url.trim().is_empty() {
            self.reject(
                "lake.url",
                "is empty",
                Some("write a folder or a URL like s3://bucket/path"),
            );
        } else if self.outline.has("lake.url") && !url.contains("://") {
            url = self.beside_file(&url).to_string_lossy().into_owned();
        }
        let mut storage = lake.storage;
        for (name, value) in &mut storage {
            let path = format!("lake.storage.{name}");
            let last_word = name.rsplit('_').next().unwrap_or_default().to_ascii_lowercase();
            match value {
                StorageValue::Text(_) if SECRET_WORDS.contains(&last_word.as_str()) => self.reject(
                    &path,
                    "is a secret, which does not belong in the file",
                    Some("write where it is: env:NAME or file:/path"),
                ),
                StorageValue::Text(_) => {}
                StorageValue::Reference(reference) => {
                    *reference = reference.clone().relative_to(self.folder_of_file());
                }
            }
        }
        LakeSettings { url, storage, durability: lake.durability }
    }

    fn ingest(&mut self, ingest: IngestConfig) -> IngestSettings {
        let workers = ingest.workers.and_then(|workers| {
            if !WORKERS.contains(&workers) {
                let range = format!("{workers} is not between 1 and {}", WORKERS.end());
                self.reject("ingest.workers", range, None);
            }
            NonZeroUsize::new(usize::try_from(workers).ok()?)
        });
        if ingest.hidden_columns > HIDDEN_COLUMNS_MAX {
            let range = format!("{} is more than {HIDDEN_COLUMNS_MAX}", ingest.hidden_columns);
            self.reject("ingest.hidden_columns", range, None);
        }
        let raw_off_for = self.names("ingest.raw_off_for", ingest.raw_off_for);
        IngestSettings {
            workers,
            buffer_bytes_max: self.bytes(
                "ingest.buffer_bytes_max",
                ingest.buffer_bytes_max,
                &BUFFER_BYTES,
            ),
            record_bytes_max: self.bytes(
                "ingest.record_bytes_max",
                ingest.record_bytes_max,
                &RECORD_BYTES,
            ),
            ocsf: ingest.ocsf,
            keep_raw: ingest.keep_raw,
            raw_off_for: raw_off_for.into_iter().collect(),
            hidden_columns: usize::try_from(ingest.hidden_columns).unwrap_or_default(),
            index_observables: ingest.index_observables,
            watch: self.watch(ingest.watch),
            records_keys: self.names("ingest.records_keys", ingest.records_keys),
        }
    }

    /// Lists of indicators by name.
    fn watch(&mut self, lists: BTreeMap<String, String>) -> BTreeMap<String, PathBuf> {
        for (name, file) in &lists {
            let path = format!("ingest.watch.{name}");
            if name.trim().is_empty() || name.contains(char::is_whitespace) {
                self.reject(&path, "is not a name without blanks", None);
            }
            if file.trim().is_empty() {
                self.reject(&path, "is empty", Some("write the path of a file"));
            }
        }
        lists.into_iter().map(|(name, file)| (name, self.beside_file(&file))).collect()
    }

    fn query(&mut self, query: QueryConfig) -> QuerySettings {
        let timeout = query.timeout.map(|timeout| timeout.duration());
        if timeout.is_some_and(|timeout| timeout.is_zero()) {
            self.reject("query.timeout", "is zero", Some("write `null` for no limit"));
        }
        if query.rows_max == Some(0) {
            self.reject("query.rows_max", "is zero", Some("write `null` for no limit"));
        }
        QuerySettings {
            memory_bytes_max: self.bytes(
                "query.memory_bytes_max",
                query.memory_bytes_max,
                &QUERY_BYTES,
            ),
            timeout,
            rows_max: query.rows_max.map(|rows| usize::try_from(rows).unwrap_or(usize::MAX)),
            spill_folder: self.folder("query.spill_folder", query.spill_folder),
        }
    }

    pub(crate) fn bytes(
        &mut self,
        path: &str,
        size: ByteSize,
        range: &RangeInclusive<ByteSize>,
    ) -> usize {
        if !range.contains(&size) {
            let (start, end) = (range.start(), range.end());
            self.reject(path, format!("{size} is not between {start} and {end}"), None);
        }
        usize::try_from(size.bytes()).unwrap_or(usize::MAX)
    }

    /// Refuses empty names and names given twice.
    fn names(&mut self, path: &str, names: Vec<String>) -> Vec<String> {
        for (index, name) in names.iter().enumerate() {
            let path = format!("{path}[{index}]");
            if name.trim().is_empty() {
                self.reject(&path, "is empty", None);
            } else if names.iter().take(index).any(|earlier| earlier == name) {
                self.reject(&path, format!("`{name}` is given twice"), None);
            }
        }
        names
    }

    pub(crate) fn folder(&mut self, path: &str, folder: Option<String>) -> Option<PathBuf> {
        let folder = folder?;
        if folder.trim().is_empty() {
            self.reject(path, "is empty", Some("leave the line out for no folder"));
        }
        Some(self.beside_file(&folder))
    }

    pub(crate) fn folder_of_file(&self) -> &Path {
        self.file.parent().unwrap_or(Path::new(""))
    }

    /// A path as the file means it: from the folder of the file.
    fn beside_file(&self, path: &str) -> PathBuf {
        self.folder_of_file().join(path)
    }
}
