//! Reading a data file back: whole, for small jobs that rewrite rows, or in parts. Queries read
//! through the engine.

use arrow::array::RecordBatch;
use object_store::ObjectStoreExt as _;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::arrow::async_reader::AsyncFileReader;

use crate::error::{LakeError, Result};
use crate::file::DataFile;
use crate::reader::ObjectReader;
use crate::table::Table;

impl Table {
    /// Gives access to a data file's bytes, for those who read some of its columns or rows with
    /// Parquet's own builder.
    #[must_use]
    pub fn reader(&self, file: &DataFile) -> Box<dyn AsyncFileReader> {
        Box::new(self.object_reader(file))
    }

    pub(crate) fn object_reader(&self, file: &DataFile) -> ObjectReader {
        let path = self.object_path(file);
        ObjectReader { store: self.object_store(), path, size: file.size }
    }

    /// All rows of a data file, with the columns that it stores, in batches of moderate size.
    ///
    /// # Errors
    /// The object cannot be read, or is not a Parquet file.
    pub async fn read(&self, file: &DataFile) -> Result<Vec<RecordBatch>> {
        let path = self.object_path(file);
        let store = self.object_store();
        let failed =
            |source| LakeError::Storage { action: "read", path: file.path.clone(), source };
        let bytes = store.get(&path).await.map_err(failed)?.bytes().await.map_err(failed)?;
        let reader = ParquetRecordBatchReaderBuilder::try_new(bytes)
            .and_then(ParquetRecordBatchReaderBuilder::build)
            .map_err(LakeError::parquet("read", &file.path))?;
        reader.collect::<std::result::Result<_, _>>().map_err(LakeError::arrow("read rows"))
    }
}
