//! Grouping by number gives what the engine's grouping by text gives.

#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use arrow::array::{ArrayRef, DictionaryArray, Int32Array, Int64Array, RecordBatch, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int32Type};
use arrow::util::pretty::pretty_format_batches;
use datafusion::common::tree_node::{Transformed, TransformedResult as _, TreeNode as _};
use datafusion::datasource::MemTable;
use datafusion::datasource::memory::MemorySourceConfig;
use datafusion::execution::TaskContext;
use datafusion::execution::memory_pool::GreedyMemoryPool;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_expr::projection::ProjectionExpr;
use datafusion::physical_plan::aggregates::{AggregateExec, AggregateMode};
use datafusion::physical_plan::projection::ProjectionExec;
use datafusion::physical_plan::{ExecutionPlan, collect, collect_partitioned};
use datafusion::prelude::{SessionConfig, SessionContext};

use super::AsDictionary;
use super::exec::{DictionaryAggregateExec, Expressions};

const BATCHES: usize = 40;
const ROWS: usize = 500;

/// A number that looks arbitrary.
fn scattered(seed: usize) -> usize {
    let mixed = (seed as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    usize::try_from((mixed ^ (mixed >> 29)) >> 8).unwrap()
}

/// A column of texts: its name, and how many texts there are.
const FEW: (&str, usize) = ("few", 12);
const MANY: (&str, usize) = ("many", 2_000);

/// Which text each row has, null for some.
fn choices(batch: usize, (_, count): (&str, usize)) -> Vec<Option<usize>> {
    let choice = |row| scattered(batch * ROWS + row + count) % count;
    (0..ROWS).map(choice).map(|number| (number != 3).then_some(number)).collect()
}

/// Short texts and such that are longer than a view holds.
fn text(name: &str, number: usize) -> String {
    name.repeat(number % 5 + 1) + &number.to_string()
}

fn views(batch: usize, column: (&str, usize)) -> ArrayRef {
    let choices = choices(batch, column).into_iter();
    let texts: StringArray =
        choices.map(|choice| choice.map(|number| text(column.0, number))).collect();
    cast(&texts, &DataType::Utf8View).unwrap()
}

fn numbers(batch: usize) -> Int64Array {
    let number = |row: usize| i64::try_from(scattered(7 + batch * ROWS + row) % 1000).ok();
    (0..ROWS).map(|row| number(row).filter(|number| *number > 20)).collect()
}

/// Batches that share a dictionary.
const SHARING: usize = 8;

/// The dictionary of some batches: an order of its own, and a text that no row has.
fn dictionary(part: usize, (name, count): (&str, usize)) -> ArrayRef {
    let texts = (0..count).map(|place| text(name, (place + part) % count));
    Arc::new(StringArray::from_iter_values(texts.chain([format!("unused {part}")])))
}

fn with_dictionary(batch: usize, column: (&str, usize), dictionary: &ArrayRef) -> ArrayRef {
    let (count, part) = (column.1, batch / SHARING);
    let key = |number| i32::try_from((number + count - part) % count).unwrap();
    let choices = choices(batch, column).into_iter();
    let keys: Int32Array = choices.map(|choice| choice.map(key)).collect();
    Arc::new(DictionaryArray::<Int32Type>::try_new(keys, Arc::clone(dictionary)).unwrap())
}

/// The same rows with texts and with dictionaries of them.
fn input() -> [Vec<RecordBatch>; 2] {
    let (mut plain, mut stored) = (Vec::new(), Vec::new());
    let mut dictionaries = [FEW, MANY].map(|column| dictionary(0, column));
    for batch in 0..BATCHES {
        if batch % SHARING == 0 {
            dictionaries = [FEW, MANY].map(|column| dictionary(batch / SHARING, column));
        }
        let number: ArrayRef = Arc::new(numbers(batch));
        let rows = |few, many| {
            let columns = [(FEW.0, few), (MANY.0, many), ("number", Arc::clone(&number))];
            let columns = columns.into_iter().map(|(name, column)| (name, column, true));
            RecordBatch::try_from_iter_with_nullable(columns).unwrap()
        };
        plain.push(rows(views(batch, FEW), views(batch, MANY)));
        let [few, many] = &dictionaries;
        stored.push(rows(with_dictionary(batch, FEW, few), with_dictionary(batch, MANY, many)));
    }
    [plain, stored]
}

/// Puts the grouping by number in the place of the engine's, above rows with dictionaries.
fn by_number(plan: Arc<dyn ExecutionPlan>, stored: &[RecordBatch]) -> Arc<dyn ExecutionPlan> {
    let mut replaced = 0;
    let plan = plan
        .transform_up(|plan| {
            let Some(planned) = plan.downcast_ref::<AggregateExec>() else {
                return Ok(Transformed::no(plan));
            };
            if *planned.mode() != AggregateMode::Partial {
                return Ok(Transformed::no(plan));
            }
            replaced += 1;
            let schema = stored[0].schema();
            let half = stored.len() / 2;
            let parts = [stored[..half].to_vec(), stored[half..].to_vec()];
            let scan = MemorySourceConfig::try_new_exec(&parts, Arc::clone(&schema), None)?;
            let columns = planned.input_schema();
            let columns = columns.fields().iter().map(|field| {
                let index = schema.index_of(field.name()).unwrap();
                let column: Arc<dyn PhysicalExpr> = Arc::new(Column::new(field.name(), index));
                let expr = match field.data_type() {
                    DataType::Utf8View => Arc::new(AsDictionary::new(column)) as _,
                    _ => column,
                };
                ProjectionExpr::new(expr, field.name())
            });
            let scan = Arc::new(ProjectionExec::try_new(columns.collect::<Vec<_>>(), scan)?);
            let (planned, expressions) = (Arc::new(planned.clone()), Expressions::of(planned));
            Ok(Transformed::yes(
                Arc::new(DictionaryAggregateExec::new(planned, expressions, scan)) as _
            ))
        })
        .data()
        .unwrap();
    assert_eq!(replaced, 1);
    plan
}

/// Both answers to a statement, and the rows that the first stage by number gave. That stage has
/// so much memory; all else has enough.
async fn answers(config: SessionConfig, memory: usize, sql: &str) -> ([String; 2], usize) {
    let [plain, stored] = input();
    let context = SessionContext::new_with_config(config.with_target_partitions(2));
    let half = plain.len() / 2;
    let parts = vec![plain[..half].to_vec(), plain[half..].to_vec()];
    let table = MemTable::try_new(plain[0].schema(), parts).unwrap();
    context.register_table("events", Arc::new(table)).unwrap();
    let planned = context.sql(sql).await.unwrap().create_physical_plan().await.unwrap();
    let replaced = by_number(Arc::clone(&planned), &stored);
    let stage = first_stage(&replaced).unwrap();
    let memory = RuntimeEnvBuilder::new().with_memory_pool(Arc::new(GreedyMemoryPool::new(memory)));
    let scarce = TaskContext::default()
        .with_session_config(context.copied_config())
        .with_runtime(memory.build_arc().unwrap());
    let parts = collect_partitioned(Arc::clone(&stage), Arc::new(scarce)).await.unwrap();
    let rows = parts.iter().flatten().map(RecordBatch::num_rows).sum();
    let done = MemorySourceConfig::try_new_exec(&parts, stage.schema(), None).unwrap();
    let by_number = replaced.transform_up(|plan| match plan.name() == stage.name() {
        true => Ok(Transformed::yes(Arc::clone(&done) as _)),
        false => Ok(Transformed::no(plan)),
    });
    let mut texts = Vec::new();
    for plan in [planned, by_number.data().unwrap()] {
        let rows = collect(plan, context.task_ctx()).await.unwrap();
        assert!(rows.iter().map(RecordBatch::num_rows).sum::<usize>() > 1);
        let text = pretty_format_batches(&rows).unwrap().to_string();
        let mut lines: Vec<&str> = text.lines().collect();
        lines.sort_unstable();
        texts.push(lines.join("\n"));
    }
    (<[String; 2]>::try_from(texts).unwrap(), rows)
}

fn first_stage(plan: &Arc<dyn ExecutionPlan>) -> Option<Arc<dyn ExecutionPlan>> {
    match plan.name() == "DictionaryAggregateExec" {
        true => Some(Arc::clone(plan)),
        false => plan.children().into_iter().find_map(first_stage),
    }
}

const AGGREGATES: &str = "count(*) AS n, sum(number) AS total, min(number) AS least,
    avg(number) AS middle, count(number) FILTER (WHERE number < 500) AS small";

/// By one text, by two, and by texts and other values; the last column has most groups.
fn statements() -> Vec<String> {
    let keys = ["few", "many", "few, many", "number % 3, few", "few, many, number % 2"];
    let statement = |keys| format!("SELECT {keys}, {AGGREGATES} FROM events GROUP BY {keys}");
    let mut all: Vec<String> = keys.into_iter().map(statement).collect();
    all.push("SELECT DISTINCT many FROM events".to_owned());
    all
}

const MUCH: usize = 1 << 30;

#[tokio::test]
async fn groups_by_number_are_those_by_text() {
    for sql in statements() {
        let ([by_text, by_number], _) = answers(SessionConfig::new(), MUCH, &sql).await;
        assert_eq!(by_number, by_text, "{sql}");
    }
}

/// Bytes that are not enough for the groups by `many`.
const SCARCE: usize = 128 << 10;

#[tokio::test]
async fn groups_are_handed_out_when_memory_is_short() {
    for sql in statements() {
        let ([by_text, by_number], all) = answers(SessionConfig::new(), MUCH, &sql).await;
        let ([_, with_little], rows) = answers(SessionConfig::new(), SCARCE, &sql).await;
        assert_eq!(by_number, by_text, "{sql}");
        assert_eq!(with_little, by_text, "{sql}");
        let has_few_groups = !sql.contains("many");
        assert!(has_few_groups || rows > all, "{sql}: {rows} rows, {all} with enough memory");
    }
}

#[tokio::test]
async fn rows_are_passed_on_when_most_are_groups_of_their_own() {
    let mut config = SessionConfig::new();
    let options = &mut config.options_mut().execution;
    options.skip_partial_aggregation_probe_rows_threshold = 1_000;
    options.skip_partial_aggregation_probe_ratio_threshold = 0.001;
    for sql in statements() {
        let ([by_text, by_number], rows) = answers(config.clone(), MUCH, &sql).await;
        assert_eq!(by_number, by_text, "{sql}");
        assert!(rows > BATCHES * ROWS / 2, "{sql}: {rows} rows");
    }
}

#[tokio::test]
async fn a_text_without_a_dictionary_gets_one() {
    let [plain, _] = input();
    let texts = AsDictionary::new(Arc::new(Column::new("many", 1)));
    let dictionary = texts.evaluate(&plain[0]).unwrap().into_array(ROWS).unwrap();
    let back = cast(&dictionary, &DataType::Utf8View).unwrap();
    assert_eq!(&back, plain[0].column(1));
}
