//! Footers of data files, each read once for many statements. The engine asks for a footer without
//! its page indexes first, and for these in every statement anew; here both come from its cache,
//! and the engine gets what a statement needs of them.

mod cut;
mod named;

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use datafusion::common::Result;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::parquet::{
    CachedParquetFileReaderFactory, ParquetFileReaderFactory,
};
use datafusion::execution::cache::cache_manager::FileMetadataCache;
use datafusion::physical_plan::metrics::ExecutionPlanMetricsSet;
use futures::future::BoxFuture;
use object_store::ObjectStore;
use parquet::arrow::arrow_reader::ArrowReaderOptions;
use parquet::arrow::async_reader::AsyncFileReader;
use parquet::file::metadata::ParquetMetaData;

use cut::cut;
use named::Names;
pub(crate) use named::{NameRule, NamedColumns, add_names, column_name};

/// Makes readers whose footers come with page indexes, and without columns that the statement does
/// not name ([`NamedColumns`]).
#[derive(Debug)]
pub(crate) struct FooterReaders(CachedParquetFileReaderFactory);

impl FooterReaders {
    pub(crate) fn new(store: Arc<dyn ObjectStore>, cache: Arc<FileMetadataCache>) -> Self {
        Self(CachedParquetFileReaderFactory::new(store, cache))
    }
}

impl ParquetFileReaderFactory for FooterReaders {
    fn create_reader(
        &self,
        partition: usize,
        file: PartitionedFile,
        metadata_size_hint: Option<usize>,
        metrics: &ExecutionPlanMetricsSet,
    ) -> Result<Box<dyn AsyncFileReader + Send>> {
        let named = file.extension::<NamedColumns>().and_then(NamedColumns::get);
        let reader = self.0.create_reader(partition, file, metadata_size_hint, metrics)?;
        Ok(Box::new(FooterReader { reader, named }))
    }
}

struct FooterReader {
    reader: Box<dyn AsyncFileReader + Send>,
    /// The columns that are read, where that is known.
    named: Option<Arc<Names>>,
}

impl AsyncFileReader for FooterReader {
    fn get_bytes(&mut self, range: Range<u64>) -> BoxFuture<'_, parquet::errors::Result<Bytes>> {
        self.reader.get_bytes(range)
    }

    fn get_byte_ranges(
        &mut self,
        ranges: Vec<Range<u64>>,
    ) -> BoxFuture<'_, parquet::errors::Result<Vec<Bytes>>> {
        self.reader.get_byte_ranges(ranges)
    }

    fn get_metadata<'a>(
        &'a mut self,
        _: Option<&'a ArrowReaderOptions>,
    ) -> BoxFuture<'a, parquet::errors::Result<Arc<ParquetMetaData>>> {
        Box::pin(async move {
            // Who does not say that it wants none gets page indexes, and they are kept.
            let whole = self.reader.get_metadata(None).await?;
            match &self.named {
                Some(names) => Ok(Arc::new(cut(&whole, names)?)),
                None => Ok(whole),
            }
        })
    }
}

#[cfg(test)]
mod tests;
