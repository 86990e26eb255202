//! A SQL session over one lake, with memory, time and row limits always set.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use datafusion::catalog::information_schema::INFORMATION_SCHEMA;
use datafusion::catalog::{CatalogProvider, MemoryCatalogProvider};
use datafusion::common::{DataFusionError, ParamValues, TableReference};
use datafusion::dataframe::DataFrame;
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::FairSpillPool;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::execution::{SendableRecordBatchStream, SessionState, SessionStateBuilder};
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::{ExecutionPlan, displayable, execute_stream};
use datafusion::prelude::{SessionConfig, SessionContext};
use futures::StreamExt as _;
use headwater_lake::Lake;
use tokio::time::Instant;

use crate::catalog::LakeSchema;
use crate::footers::NameRule;
use crate::fresh::FreshRule;
use crate::grouping::GroupingRule;
use crate::hidden::{SiftRule, explained};
use crate::ioc::IndicatorLists;
use crate::scan_report::ScanLog;
use crate::views::{OCSF, OcsfSchema};
use crate::{AskedPaths, FreshRows, Parameter, QueryError, ScanReport, dialect, statement};

/// The one catalog of a session.
pub const CATALOG: &str = "lake";

/// The schema of names that have none.
pub const SCHEMA: &str = "public";

/// Memory for footers of data files, in bytes. One with hidden columns is large, and is needed
/// again by the next statement.
const METADATA_BYTES_MAX: usize = 256 << 20;

/// Limits and names of a session.
#[derive(Debug, Clone)]
pub struct SessionOptions {
    /// Memory for sorting, grouping and joining, in bytes; beyond it operators spill to disk.
    pub memory_bytes_max: usize,
    /// Longest run of one statement.
    pub timeout: Option<Duration>,
    /// Most rows of one answer; further ones are cut and the answer says so.
    pub rows_max: Option<usize>,
    /// Where operators spill to; the system's temporary folder when absent.
    pub spill_folder: Option<PathBuf>,
    /// Parallel streams of a plan; the number of processors when absent.
    pub threads: Option<usize>,
    /// Further names of the schema that holds the lake's tables.
    pub aliases: Vec<String>,
    /// Rows of `events` that are not in the table yet.
    pub fresh: Option<Arc<dyn FreshRows>>,
    /// Whether statements that change the session or write files are refused: several people share
    /// it.
    pub read_only: bool,
    /// Tables that statements cannot use.
    pub hidden: Vec<String>,
    /// Lists of indicators that `ioc_in` knows by name.
    pub indicators: IndicatorLists,
    /// Where the places inside documents go that statements ask for.
    pub asked: Option<Arc<AskedPaths>>,
}

impl Default for SessionOptions {
    fn default() -> Self {
        Self {
            memory_bytes_max: 1 << 30,
            timeout: None,
            rows_max: None,
            spill_folder: None,
            threads: None,
            aliases: vec!["defenda_data_lake".to_owned(), "defenda_datalake".to_owned()],
            fresh: None,
            read_only: false,
            hidden: Vec::new(),
            indicators: IndicatorLists::default(),
            asked: None,
        }
    }
}

/// A statement that was read.
pub(crate) struct Planned {
    pub(crate) state: SessionState,
    pub(crate) plan: LogicalPlan,
    /// What its scans report.
    pub(crate) log: Arc<ScanLog>,
}

/// SQL over a lake. Cheap to keep open: every statement sees the newest commit.
pub struct Session {
    context: SessionContext,
    views: Arc<OcsfSchema>,
    options: SessionOptions,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Session").field("options", &self.options).finish_non_exhaustive()
    }
}

impl Session {
    /// Opens a session on the tables that the lake has now.
    ///
    /// # Errors
    /// The lake cannot be listed, or the spill folder cannot be used.
    pub async fn open(lake: &Lake, options: SessionOptions) -> Result<Self, QueryError> {
        let engine = |error| QueryError::of(error, "", options.memory_bytes_max, &[]);
        let mut disk = DiskManagerBuilder::default();
        if let Some(folder) = &options.spill_folder {
            disk = disk.with_mode(DiskManagerMode::Directories(vec![folder.clone()]));
        }
        let runtime = RuntimeEnvBuilder::new()
            .with_memory_pool(Arc::new(FairSpillPool::new(options.memory_bytes_max)))
            .with_disk_manager_builder(disk)
            .with_metadata_cache_limit(METADATA_BYTES_MAX)
            .build_arc()
            .map_err(engine)?;
        let state = SessionStateBuilder::new()
            .with_config(configuration(&options))
            .with_runtime_env(runtime)
            .with_default_features()
            .with_physical_optimizer_rule(Arc::new(FreshRule))
            .with_physical_optimizer_rule(Arc::new(SiftRule))
            .with_physical_optimizer_rule(Arc::new(GroupingRule))
            .with_physical_optimizer_rule(Arc::new(NameRule))
            .build();
        let context = SessionContext::new_with_state(state);
        crate::functions::register(&context).map_err(engine)?;
        crate::ioc::register(&context, options.indicators.clone()).map_err(engine)?;
        let store_url = ObjectStoreUrl::parse(lake.object_store_url().as_str()).map_err(engine)?;
        context.register_object_store(store_url.as_ref(), lake.object_store());
        let mut tables = BTreeMap::new();
        for name in lake.tables().await? {
            if options.hidden.contains(&name) {
                continue;
            }
            tables.insert(name.clone(), lake.table(&name)?);
        }
        let schema = Arc::new(LakeSchema::new(tables, store_url, options.fresh.clone()));
        let catalog = Arc::new(MemoryCatalogProvider::new());
        for name in std::iter::once(SCHEMA).chain(options.aliases.iter().map(String::as_str)) {
            let schema = Arc::clone(&schema);
            catalog.register_schema(name, schema).map_err(engine)?;
        }
        let views = Arc::new(OcsfSchema::new(schema));
        catalog.register_schema(OCSF, Arc::clone(&views) as _).map_err(engine)?;
        context.register_catalog(CATALOG, catalog);
        Ok(Self { context, views, options })
    }

    /// As [`Session::query_with`], with the values of the parameters as a person typed them.
    ///
    /// # Errors
    /// The statement is wrong, or its tables cannot be opened.
    pub async fn query(
        &self,
        sql: &str,
        parameters: &[(String, String)],
    ) -> Result<Answer, QueryError> {
        let typed = parameters.iter();
        let bound: Vec<(String, Parameter)> =
            typed.map(|(name, text)| (name.clone(), Parameter::from_text(text))).collect();
        self.query_with(sql, &bound).await
    }

    /// Whether a statement could be run: it can be planned on the tables as they are now, and it is
    /// not one that this session refuses.
    ///
    /// # Errors
    /// Why it could not.
    pub async fn check(&self, sql: &str) -> Result<(), QueryError> {
        statement::check(sql)?;
        self.plan(sql).await.map_err(|error| self.error(error, sql))?;
        Ok(())
    }

    /// Plans and starts one statement. `parameters` are the values of `$name` in it; those of `$1`,
    /// `$2` are called `1`, `2`.
    ///
    /// # Errors
    /// The statement is wrong, or its tables cannot be opened.
    pub async fn query_with(
        &self,
        sql: &str,
        parameters: &[(String, Parameter)],
    ) -> Result<Answer, QueryError> {
        statement::check(sql)?;
        let started = Instant::now();
        let fail = |error| self.error(error, sql);
        let Planned { state, plan, log } = self.plan(sql).await.map_err(fail)?;
        // Statements such as CREATE VIEW act on the session itself.
        let frame = self.context.execute_logical_plan(plan).await.map_err(fail)?;
        let mut frame = DataFrame::new(state, frame.logical_plan().clone());
        if !parameters.is_empty() {
            let values = parameters.iter();
            let values = values.map(|(name, value)| (name.clone(), value.scalar().clone().into()));
            frame = frame.with_param_values(ParamValues::Map(values.collect())).map_err(fail)?;
        }
        let task = Arc::new(frame.task_ctx());
        let (state, statement) = frame.into_parts();
        let plan = state.create_physical_plan(&statement).await.map_err(fail)?;
        let stream = execute_stream(Arc::clone(&plan), task).map_err(fail)?;
        let stream = explained(&state, &statement, stream, &log).await.map_err(fail)?;
        Ok(self.answer(sql, started, stream, plan, log))
    }

    /// Reads a statement without running it.
    pub(crate) async fn plan(&self, sql: &str) -> Result<Planned, DataFusionError> {
        let log = Arc::new(ScanLog::new(self.options.asked.clone()));
        let mut state = self.context.state();
        state.config_mut().set_extension(Arc::clone(&log));
        let statement = dialect::statement(&state, sql)?;
        let lists_names = |table: &TableReference| table.schema() == Some(INFORMATION_SCHEMA);
        if state.resolve_table_references(&statement)?.iter().any(lists_names) {
            self.views.refresh().await?;
        }
        let plan = state.statement_to_plan(statement).await?;
        if self.options.read_only {
            check_read_only(&plan)?;
        }
        Ok(Planned { state, plan, log })
    }

    pub(crate) fn answer(
        &self,
        sql: &str,
        started: Instant,
        stream: SendableRecordBatchStream,
        plan: Arc<dyn ExecutionPlan>,
        log: Arc<ScanLog>,
    ) -> Answer {
        Answer {
            sql: sql.to_owned(),
            stream,
            plan,
            log,
            deadline: self.options.timeout.map(|timeout| (started + timeout, timeout)),
            rows_left: self.options.rows_max,
            truncated: false,
            memory_bytes_max: self.options.memory_bytes_max,
        }
    }

    pub(crate) fn error(&self, error: DataFusionError, sql: &str) -> QueryError {
        QueryError::of(error, sql, self.options.memory_bytes_max, &self.table_names())
    }

    pub(crate) fn context(&self) -> &SessionContext {
        &self.context
    }

    pub(crate) fn views(&self) -> &OcsfSchema {
        &self.views
    }

    /// Names of all functions, sorted: scalar, aggregate and window functions.
    #[must_use]
    pub fn function_names(&self) -> Vec<String> {
        let state = self.context.state();
        let mut names: Vec<String> = state
            .scalar_functions()
            .keys()
            .chain(state.aggregate_functions().keys())
            .chain(state.window_functions().keys())
            .cloned()
            .collect();
        names.sort();
        names.dedup();
        names
    }
}

/// Refuses everything but questions.
pub(crate) fn check_read_only(plan: &LogicalPlan) -> Result<(), DataFusionError> {
    match plan {
        LogicalPlan::Ddl(_)
        | LogicalPlan::Dml(_)
        | LogicalPlan::Copy(_)
        | LogicalPlan::Statement(_) => {
            let message = "only statements that read are allowed here".to_owned();
            Err(DataFusionError::Plan(message))
        }
        _ => plan.inputs().into_iter().try_for_each(check_read_only),
    }
}

fn configuration(options: &SessionOptions) -> SessionConfig {
    let mut config = SessionConfig::new()
        .with_default_catalog_and_schema(CATALOG, SCHEMA)
        .with_create_default_catalog_and_schema(false)
        .with_information_schema(true);
    if let Some(threads) = options.threads {
        config = config.with_target_partitions(threads.max(1));
    }
    let engine = config.options_mut();
    // A rule that cannot handle a plan leaves it as it is: the answer is the same, later.
    engine.optimizer.skip_failed_rules = true;
    engine.execution.parquet.pushdown_filters = true;
    engine.execution.parquet.reorder_filters = true;
    engine.execution.time_zone = Some("+00:00".to_owned());
    config
}

/// The running answer to one statement.
pub struct Answer {
    sql: String,
    stream: SendableRecordBatchStream,
    plan: Arc<dyn ExecutionPlan>,
    log: Arc<ScanLog>,
    deadline: Option<(Instant, Duration)>,
    rows_left: Option<usize>,
    truncated: bool,
    memory_bytes_max: usize,
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Answer").field("sql", &self.sql).finish_non_exhaustive()
    }
}

impl Answer {
    /// The columns of the result.
    #[must_use]
    pub fn schema(&self) -> SchemaRef {
        self.stream.schema()
    }

    /// The next rows; `None` at the end or when the row limit is reached.
    ///
    /// # Errors
    /// The statement failed while running, or its time is over.
    pub async fn next(&mut self) -> Result<Option<RecordBatch>, QueryError> {
        let next = match self.deadline {
            None => self.stream.next().await,
            Some((deadline, limit)) => tokio::time::timeout_at(deadline, self.stream.next())
                .await
                .map_err(|_| QueryError::Timeout { limit })?,
        };
        let Some(batch) = next else { return Ok(None) };
        let batch =
            batch.map_err(|error| QueryError::of(error, &self.sql, self.memory_bytes_max, &[]))?;
        let Some(left) = self.rows_left else { return Ok(Some(batch)) };
        if batch.num_rows() > left {
            self.truncated = true;
        }
        let rows = batch.num_rows().min(left);
        self.rows_left = Some(left - rows);
        Ok((rows > 0 || !self.truncated).then(|| batch.slice(0, rows)))
    }

    /// All remaining rows.
    ///
    /// # Errors
    /// As [`Answer::next`].
    pub async fn collect(&mut self) -> Result<Vec<RecordBatch>, QueryError> {
        let mut batches = Vec::new();
        while let Some(batch) = self.next().await? {
            batches.push(batch);
        }
        Ok(batches)
    }

    /// Whether the row limit cut the answer.
    #[must_use]
    pub const fn is_truncated(&self) -> bool {
        self.truncated
    }

    /// What was read so far and what could be left out.
    #[must_use]
    pub fn scan_report(&self) -> ScanReport {
        self.log.finish(&self.plan)
    }

    /// The physical plan as an indented tree.
    #[must_use]
    pub fn plan_text(&self) -> String {
        displayable(self.plan.as_ref()).indent(true).to_string()
    }
}
