//! The Parquet files: one open at a time, each written as a whole. Local files get their name when
//! they are complete, objects are there when they are complete.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use arrow::json::ReaderBuilder;
use arrow::json::reader::Decoder;
use futures::TryStreamExt as _;
use object_store::buffered::BufWriter;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt as _};
use parquet::arrow::AsyncArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::SortingColumn;
use parquet::file::properties::WriterProperties;

use super::columns::time_leaf;
use super::{Export, ExportError, SOURCE_VERSION};

/// Security Lake wants pages of at most 1 MiB, uncompressed, and row groups of at most 256 MiB.
const PAGE_BYTES_MAX: usize = 1 << 20;
/// See [`PAGE_BYTES_MAX`]; well below, since what is not encoded yet is estimated.
const ROW_GROUP_BYTES_MAX: usize = 128 << 20;
/// A file that is larger is finished.
const FILE_BYTES_MAX: usize = 240 << 20;
/// Objects that are decoded at a time: a page is looked at for its size after each of these.
const BATCH_ROWS_MAX: usize = 1_024;
/// See [`BATCH_ROWS_MAX`].
const BATCH_BYTES_MAX: usize = 512 << 10;
/// Values after which a page is looked at.
const WRITE_ROWS_MAX: usize = 64;
const ZSTD_LEVEL: i32 = 3;
const EXTENSION: &str = "parquet";

/// Where files go and how they are called.
pub(super) struct Target {
    store: Arc<dyn ObjectStore>,
    folder: Path,
    /// The same for the same selection.
    stem: String,
}

/// What was written.
#[derive(Default)]
pub(super) struct Written {
    pub(super) files: u64,
    pub(super) bytes: u64,
    pub(super) removed: u64,
}

/// Writes rows to files.
pub(super) struct Files {
    target: Target,
    schema: SchemaRef,
    decoder: Decoder,
    properties: WriterProperties,
    /// Files by place.
    parts: BTreeMap<String, usize>,
    open: Option<OpenFile>,
    batch: Vec<u8>,
    batch_rows: usize,
    file_bytes_max: usize,
    written: Written,
}

struct OpenFile {
    place: String,
    path: Path,
    writer: AsyncArrowWriter<BufWriter>,
}

impl Target {
    pub(super) fn new(export: &Export) -> Result<Self, ExportError> {
        let url = export.target.url();
        let root = Path::from_url_path(url.path()).map_err(|error| ExportError::Store {
            action: "use",
            path: url.to_string(),
            source: error.into(),
        })?;
        let folders = ["ext", export.source.as_str(), SOURCE_VERSION];
        let folder = folders.into_iter().fold(root, |path, folder| path.join(folder));
        let mut hasher = blake3::Hasher::new();
        let moment = |time: Option<headwater_event::Timestamp>| {
            time.map(|time| time.as_micros().to_string()).unwrap_or_default()
        };
        let class = export.class.uid.unwrap_or_default().to_string();
        let parts = [
            export.lake.clone(),
            class,
            export.condition.clone().unwrap_or_default(),
            moment(export.since),
            moment(export.until),
        ];
        for part in parts {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part.as_bytes());
        }
        let stem = hasher.finalize().to_hex().chars().take(16).collect();
        Ok(Self { store: export.target.object_store(), folder, stem })
    }

    /// What names of files begin with.
    #[cfg(test)]
    pub(super) fn stem(&self) -> &str {
        &self.stem
    }

    fn folder(&self, place: &str) -> Path {
        place.split('/').fold(self.folder.clone(), |path, folder| path.join(folder))
    }

    fn name(&self, part: usize) -> String {
        format!("{}-{part:05}.{EXTENSION}", self.stem)
    }

    /// The number of a file of the same selection.
    fn part(&self, path: &Path) -> Option<usize> {
        let name = path.filename()?.strip_prefix(self.stem.as_str())?.strip_prefix('-')?;
        name.strip_suffix(EXTENSION)?.strip_suffix('.')?.parse().ok()
    }
}

fn encode(path: &Path) -> impl FnOnce(ParquetError) -> ExportError + use<> {
    let path = path.to_string();
    move |source| ExportError::Encode { path, source }
}

fn decode(path: &Path) -> impl FnOnce(ArrowError) -> ExportError + use<> {
    let encode = encode(path);
    move |source| encode(source.into())
}

fn store(
    action: &'static str,
    path: &Path,
) -> impl FnOnce(object_store::Error) -> ExportError + use<> {
    let path = path.to_string();
    move |source| ExportError::Store { action, path, source }
}

impl Files {
    pub(super) fn new(target: Target, schema: SchemaRef) -> Result<Self, ExportError> {
        let level = ZstdLevel::try_new(ZSTD_LEVEL).map_err(encode(&target.folder))?;
        let by_time = time_leaf(&schema).map(|leaf| {
            vec![SortingColumn { column_idx: leaf, descending: false, nulls_first: false }]
        });
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(level))
            .set_data_page_size_limit(PAGE_BYTES_MAX)
            .set_dictionary_page_size_limit(PAGE_BYTES_MAX)
            .set_write_batch_size(WRITE_ROWS_MAX)
            .set_max_row_group_bytes(Some(ROW_GROUP_BYTES_MAX))
            .set_sorting_columns(by_time)
            .build();
        let decoder = ReaderBuilder::new(Arc::clone(&schema)).with_batch_size(BATCH_ROWS_MAX);
        let decoder = decoder.build_decoder().map_err(decode(&target.folder))?;
        Ok(Self {
            target,
            schema,
            decoder,
            properties,
            parts: BTreeMap::new(),
            open: None,
            batch: Vec::new(),
            batch_rows: 0,
            file_bytes_max: FILE_BYTES_MAX,
            written: Written::default(),
        })
    }

    /// Smaller files.
    #[cfg(test)]
    pub(super) fn with_file_bytes_max(self, file_bytes_max: usize) -> Self {
        Self { file_bytes_max, ..self }
    }

    /// Adds a row to the file of its place.
    pub(super) async fn push(&mut self, place: &str, json: &[u8]) -> Result<(), ExportError> {
        if self.open.as_ref().is_some_and(|open| open.place != place) {
            self.close().await?;
        }
        if self.open.is_none() {
            self.start(place)?;
        }
        self.batch.extend_from_slice(json);
        self.batch_rows += 1;
        if self.batch_rows >= BATCH_ROWS_MAX || self.batch.len() >= BATCH_BYTES_MAX {
            self.write().await?;
            let is_full = self.open.as_ref().is_some_and(|open| {
                open.writer.bytes_written() + open.writer.in_progress_size() >= self.file_bytes_max
            });
            if is_full {
                self.close().await?;
            }
        }
        Ok(())
    }

    /// Finishes the last file, and removes what an earlier run had more.
    pub(super) async fn finish(mut self) -> Result<Written, ExportError> {
        self.close().await?;
        for (place, parts) in &self.parts {
            let folder = self.target.folder(place);
            let listed = self.target.store.list(Some(&folder));
            let listed: Vec<_> = listed.try_collect().await.map_err(store("list", &folder))?;
            for object in listed {
                let path = object.location;
                if self.target.part(&path).is_some_and(|part| part >= *parts) {
                    self.target.store.delete(&path).await.map_err(store("remove", &path))?;
                    self.written.removed += 1;
                }
            }
        }
        Ok(self.written)
    }

    fn start(&mut self, place: &str) -> Result<(), ExportError> {
        let part = self.parts.entry(place.to_owned()).or_default();
        let path = self.target.folder(place).join(self.target.name(*part));
        *part += 1;
        let out = BufWriter::new(Arc::clone(&self.target.store), path.clone());
        let (schema, properties) = (Arc::clone(&self.schema), self.properties.clone());
        let writer = AsyncArrowWriter::try_new(out, schema, Some(properties));
        let writer = writer.map_err(encode(&path))?;
        self.open = Some(OpenFile { place: place.to_owned(), path, writer });
        Ok(())
    }

    /// Encodes the rows that wait.
    async fn write(&mut self) -> Result<(), ExportError> {
        let Some(open) = &mut self.open else { return Ok(()) };
        let mut rest = self.batch.as_slice();
        while !rest.is_empty() {
            let read = self.decoder.decode(rest).map_err(decode(&open.path))?;
            rest = rest.get(read..).unwrap_or_default();
            // Nothing is taken any more when a batch is full.
            if (read == 0 || rest.is_empty())
                && let Some(rows) = self.decoder.flush().map_err(decode(&open.path))?
            {
                open.writer.write(&rows).await.map_err(encode(&open.path))?;
            }
        }
        self.batch.clear();
        self.batch_rows = 0;
        Ok(())
    }

    async fn close(&mut self) -> Result<(), ExportError> {
        self.write().await?;
        let Some(mut open) = self.open.take() else { return Ok(()) };
        open.writer.finish().await.map_err(encode(&open.path))?;
        self.written.files += 1;
        self.written.bytes += open.writer.bytes_written() as u64;
        Ok(())
    }
}
