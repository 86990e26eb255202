//! Leaves out files by the index of observables.

use std::sync::Arc;

use datafusion::common::Result;
use datafusion::logical_expr::utils::split_conjunction;
use datafusion::logical_expr::{BinaryExpr, Expr, Operator};
use headwater_indicators::Indicator;
use headwater_lake::index::{IndexedHours, KeyRanges};
use headwater_lake::{DataFile, Snapshot, Table};

use super::function::Matches;
use crate::catalog::external;

/// The files that may have rows for which all `filters` are true, as far as the index tells.
///
/// # Errors
/// The index cannot be read.
pub(crate) async fn keep_indexed(
    events: &Table,
    snapshot: &Snapshot,
    index: &Table,
    filters: &[Expr],
    mut files: Vec<Arc<DataFile>>,
) -> Result<Vec<Arc<DataFile>>> {
    for condition in filters.iter().flat_map(split_conjunction) {
        let mut indicators = Vec::new();
        if files.is_empty() || !collect(condition, &mut indicators) || indicators.is_empty() {
            continue;
        }
        let ranges: KeyRanges = indicators.into_iter().collect();
        let hours = IndexedHours::find(events, snapshot, index, ranges).await;
        let hours = hours.map_err(external)?;
        if let Some(hours) = hours {
            files.retain(|file| hours.may_have(file));
        }
    }
    Ok(files)
}

/// Gathers the indicators of a condition; `false` when it is about anything else.
fn collect<'a>(condition: &'a Expr, indicators: &mut Vec<&'a Indicator>) -> bool {
    match condition {
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::Or, right }) => {
            collect(left, indicators) && collect(right, indicators)
        }
        Expr::ScalarFunction(call) => match call.func.inner().downcast_ref::<Matches>() {
            Some(matches) => {
                indicators.extend(matches.indicators.all());
                true
            }
            None => false,
        },
        _ => false,
    }
}
