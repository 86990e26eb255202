//! The view `ocsf.observables`: one row per value worth searching for, with the event that has it.

use datafusion::common::{NullHandling, Result, UnnestOptions};
use datafusion::functions::core::expr_fn::get_field;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, case, ident, lit};
use headwater_event::schema::{OBSERVABLES, PARTITION_COLUMNS, TIME_COLUMN};
use headwater_ocsf::Version;

use super::class::TIME;
use super::sample::CLASS;
use crate::table::LakeTable;

/// Columns of `events` that rows have beside the value.
const ENVELOPE: [&str; 5] = ["eventid", CLASS, "source", "index", "host"];

/// The plan of the view over a snapshot of `events`; `None` when the table lacks the column, as
/// older ones do.
pub(super) fn observables(events: LakeTable) -> Result<Option<LogicalPlan>> {
    let columns = events.columns();
    let has = |name: &str| columns.field_with_name(name).is_ok();
    if !has(OBSERVABLES) {
        return Ok(None);
    }
    let kept = ENVELOPE.into_iter().chain(PARTITION_COLUMNS).filter(|name| has(name));
    let kept: Vec<Expr> =
        std::iter::once(ident(TIME_COLUMN).alias(TIME)).chain(kept.map(ident)).collect();
    let field = |name: &str| get_field(ident(OBSERVABLES), name);
    let values = [
        field("type_id").alias("type_id"),
        caption(field("type_id"))?.alias("type"),
        field("name").alias("name"),
        field("value").alias("value"),
    ];
    let names = kept.iter().map(|expr| ident(expr.schema_name().to_string())).collect::<Vec<_>>();
    let inner = kept.into_iter().chain([ident(OBSERVABLES).alias(OBSERVABLES)]);
    let plan = LogicalPlanBuilder::from(events.scan_plan()?)
        .filter(ident(OBSERVABLES).is_not_null())?
        .project(inner)?
        .unnest_column_with_options(
            OBSERVABLES,
            UnnestOptions::new().with_null_handling(NullHandling::Drop),
        )?
        .project(names.into_iter().chain(values))?
        .build()?;
    Ok(Some(plan))
}

/// The caption of a type's number.
fn caption(number: Expr) -> Result<Expr> {
    let mut types = Version::NATIVE.catalogue().observable_types().iter();
    let Some((first, name)) = types.next() else { return Ok(lit("")) };
    let small = |number: i64| lit(i32::try_from(number).unwrap_or_default());
    let mut cases = case(number).when(small(*first), lit(name.as_str()));
    for (number, name) in types {
        cases = cases.when(small(*number), lit(name.as_str()));
    }
    cases.end()
}
