//! A table of the lake as DataFusion sees it: the files of one snapshot, pruned by what the log
//! knows about them, scanned by DataFusion's own Parquet source (row groups, pages, bloom filters,
//! late materialisation). Nothing here is specific to one machine, so a plan can be shipped.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::stats::Precision;
use datafusion::common::{DFSchema, Result, ScalarValue, Statistics, TableReference};
use datafusion::datasource::TableType;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::memory::MemorySourceConfig;
use datafusion::datasource::physical_plan::parquet::ParquetRowSelection;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder, ParquetSource};
use datafusion::datasource::provider_as_source;
use datafusion::datasource::source::DataSourceExec;
use datafusion::datasource::table_schema::TableSchema;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::logical_expr::utils::conjunction;
use datafusion::logical_expr::{
    Expr, LogicalPlan, LogicalPlanBuilder, TableProviderFilterPushDown,
};
use datafusion::physical_optimizer::pruning::PruningPredicateBuilder;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::empty::EmptyExec;
use datafusion::physical_plan::union::UnionExec;
use headwater_event::schema::PARTITION_COLUMNS;
use headwater_lake::{DataFile, Snapshot, Table};

use crate::footers::{FooterReaders, NamedColumns};
use crate::fresh::project;
use crate::hidden::HiddenAdapterFactory;
use crate::ioc::keep_indexed;
use crate::prune::FileStatisticsView;
use crate::scan_report::ScanLog;
use crate::session::{CATALOG, SCHEMA};
use crate::words::{Kept, keep_words};

/// One snapshot of a lake table, for one query.
#[derive(Debug)]
pub(crate) struct LakeTable {
    table: Table,
    snapshot: Arc<Snapshot>,
    /// Rows that the snapshot does not have yet.
    fresh: Vec<RecordBatch>,
    /// The index of observables, of a lake that has one.
    index: Option<Table>,
    /// Where the object store is registered.
    store_url: ObjectStoreUrl,
    /// Stored columns then partition columns, text as views.
    schema: SchemaRef,
}

impl LakeTable {
    pub(crate) fn new(
        table: Table,
        snapshot: Arc<Snapshot>,
        fresh: Vec<RecordBatch>,
        store_url: ObjectStoreUrl,
    ) -> Self {
        let schema = view_schema(snapshot.schema());
        Self { table, snapshot, fresh, index: None, store_url, schema }
    }

    /// The table with an index of its observables.
    pub(crate) fn with_index(mut self, index: Option<Table>) -> Self {
        self.index = index;
        self
    }

    /// The table in the lake.
    pub(crate) const fn table(&self) -> &Table {
        &self.table
    }

    /// What is in files.
    pub(crate) fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    /// Rows that the snapshot does not have.
    pub(crate) fn fresh(&self) -> &[RecordBatch] {
        &self.fresh
    }

    /// The columns of the table.
    pub(crate) const fn columns(&self) -> &SchemaRef {
        &self.schema
    }

    /// A plan that reads the table, for views over it.
    pub(crate) fn scan_plan(self) -> Result<LogicalPlan> {
        let name = TableReference::full(CATALOG, SCHEMA, self.table.name());
        let source = provider_as_source(Arc::new(self));
        LogicalPlanBuilder::scan(name, source, None)?.build()
    }

    /// The rows that are not in files.
    fn scan_fresh(&self, projection: Option<&Vec<usize>>) -> Result<Arc<dyn ExecutionPlan>> {
        let all: Vec<usize> = (0..self.schema.fields().len()).collect();
        let columns = projection.unwrap_or(&all);
        let schema = Arc::new(self.schema.project(columns)?);
        let rows = self.fresh.iter().map(|rows| project(rows, &self.schema, columns));
        let rows = rows.collect::<Result<Vec<_>, _>>()?;
        Ok(MemorySourceConfig::try_new_exec(&[rows], schema, None)?)
    }

    /// The columns that are in the files.
    fn file_schema(&self) -> SchemaRef {
        let stored = |field: &&Arc<Field>| !PARTITION_COLUMNS.contains(&field.name().as_str());
        let fields: Vec<_> = self.schema.fields().iter().filter(stored).cloned().collect();
        Arc::new(Schema::new(fields))
    }

    /// The partition columns that this table has, in the order of the schema.
    fn partition_fields(&self) -> Vec<Arc<Field>> {
        let is_partition = |field: &&Arc<Field>| PARTITION_COLUMNS.contains(&field.name().as_str());
        self.schema.fields().iter().filter(is_partition).cloned().collect()
    }

    /// The files that may hold rows for which all `filters` are true.
    fn files(&self, state: &dyn Session, filters: &[Expr]) -> Result<Vec<Arc<DataFile>>> {
        let all = self.snapshot.files();
        let Some(predicate) = conjunction(filters.iter().cloned()) else { return Ok(all.to_vec()) };
        let schema = DFSchema::try_from(Arc::clone(&self.schema))?;
        let Ok(expression) = state.create_physical_expr(predicate, &schema) else {
            return Ok(all.to_vec());
        };
        let builder = PruningPredicateBuilder::new().with_file_schema(Arc::clone(&self.schema));
        let Ok(pruning) = builder.try_build(expression) else {
            return Ok(all.to_vec());
        };
        if pruning.always_true() {
            return Ok(all.to_vec());
        }
        let keep = pruning.prune(&FileStatisticsView::new(&self.snapshot, &self.schema))?;
        Ok(all.iter().zip(keep).filter(|(_, keep)| *keep).map(|(file, _)| file.clone()).collect())
    }

    fn partitioned_file(
        &self,
        file: &DataFile,
        partitions: &[Arc<Field>],
        kept: &Kept,
    ) -> PartitionedFile {
        let path = self.table.object_path(file);
        let values = partitions
            .iter()
            .map(|field| {
                let value = file.partition.get(field.name().as_str()).cloned().flatten();
                ScalarValue::Utf8(value)
            })
            .collect();
        // Up to here the file has its hidden columns.
        let size = file.hidden_end.unwrap_or(file.size);
        let mut target = PartitionedFile::new(path.to_string(), size);
        target.object_meta.location = path;
        let mut target = target.with_partition_values(values);
        if let Some(rows) = file.rows().and_then(|rows| usize::try_from(rows).ok()) {
            let mut statistics = Statistics::new_unknown(&self.file_schema());
            statistics.num_rows = Precision::Exact(rows);
            target = target.with_statistics(Arc::new(statistics));
        }
        if let Some(rows) = kept.rows.get(&file.path) {
            target = target.with_extension(ParquetRowSelection::new(rows.clone()));
        }
        target
    }
}

/// Text columns as Arrow string views: the Parquet reader then hands out values without copying
/// them.
fn view_schema(schema: &SchemaRef) -> SchemaRef {
    let fields = schema.fields().iter().map(|field| {
        match PARTITION_COLUMNS.contains(&field.name().as_str()) {
            true => Arc::clone(field),
            false => view_field(field),
        }
    });
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

/// A stored column as it is read.
pub(crate) fn view_field(field: &Arc<Field>) -> Arc<Field> {
    let view = match field.data_type() {
        DataType::Utf8 => DataType::Utf8View,
        DataType::Binary => DataType::BinaryView,
        _ => return Arc::clone(field),
    };
    Arc::new(field.as_ref().clone().with_data_type(view))
}

/// Spreads files over `count` groups of similar size, big files first.
fn balance(files: Vec<PartitionedFile>, count: usize) -> Vec<FileGroup> {
    let mut sorted = files;
    sorted.sort_by_key(|file| std::cmp::Reverse(file.object_meta.size));
    let mut groups: Vec<(u64, Vec<PartitionedFile>)> = vec![(0, Vec::new()); count.max(1)];
    for file in sorted {
        if let Some((size, group)) = groups.iter_mut().min_by_key(|(size, _)| *size) {
            *size += file.object_meta.size;
            group.push(file);
        }
    }
    let mut groups: Vec<_> = groups.into_iter().map(|(_, group)| group).collect();
    groups.retain(|group| !group.is_empty());
    for group in &mut groups {
        // Partition paths sort by time.
        group.sort_by(|left, right| left.object_meta.location.cmp(&right.object_meta.location));
    }
    groups.into_iter().map(FileGroup::new).collect()
}

#[async_trait]
impl TableProvider for LakeTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(
        &self,
        filters: &[&Expr],
    ) -> Result<Vec<TableProviderFilterPushDown>> {
        // Files are pruned by every filter; rows are still checked, in the scan where it can.
        let pushed = |filter: &&Expr| match filter.is_volatile() {
            true => TableProviderFilterPushDown::Unsupported,
            false => TableProviderFilterPushDown::Inexact,
        };
        Ok(filters.iter().map(pushed).collect())
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let mut kept = self.files(state, filters)?;
        if let Some(index) = &self.index {
            kept = keep_indexed(&self.table, &self.snapshot, index, filters, kept).await?;
        }
        let kept = keep_words(&self.table, filters, kept).await?;
        if let Some(log) = state.config().get_extension::<ScanLog>() {
            log.record(self.snapshot.files(), &kept.files);
            log.record_without_words(kept.left_out);
        }
        if !self.fresh.is_empty() {
            let fresh = self.scan_fresh(projection)?;
            if kept.files.is_empty() {
                return Ok(fresh);
            }
            let files = self.scan_files(state, projection, &kept, limit)?;
            return UnionExec::try_new(vec![files, fresh]);
        }
        if kept.files.is_empty() {
            let schema = match projection {
                Some(columns) => Arc::new(self.schema.project(columns)?),
                None => Arc::clone(&self.schema),
            };
            return Ok(Arc::new(EmptyExec::new(schema)));
        }
        self.scan_files(state, projection, &kept, limit)
    }
}

impl LakeTable {
    /// The rows in files, where it is known which, those.
    fn scan_files(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        kept: &Kept,
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let partitions = self.partition_fields();
        let named = NamedColumns::default();
        let files = kept.files.iter();
        let files = files.map(|file| {
            self.partitioned_file(file, &partitions, kept).with_extension(named.clone())
        });
        let files = files.collect();
        let groups = balance(files, state.config().target_partitions());
        let mut options = state.table_options().parquet.clone();
        options.global = state.config().options().execution.parquet.clone();
        let cache = state.runtime_env().cache_manager.get_file_metadata_cache();
        let store = state.runtime_env().object_store(&self.store_url)?;
        let schema =
            TableSchema::builder(self.file_schema()).with_table_partition_cols(partitions).build();
        let source = ParquetSource::new(schema)
            .with_table_parquet_options(options)
            .with_parquet_file_reader_factory(Arc::new(FooterReaders::new(store, cache)));
        let log = state.config().get_extension::<ScanLog>();
        let config = FileScanConfigBuilder::new(self.store_url.clone(), Arc::new(source))
            .with_expr_adapter(Some(Arc::new(HiddenAdapterFactory::new(log))))
            .with_file_groups(groups)
            .with_projection_indices(projection.cloned())?
            .with_limit(limit)
            .build();
        Ok(DataSourceExec::from_data_source(config))
    }
}
