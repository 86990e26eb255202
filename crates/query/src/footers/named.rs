//! Which columns of its files a scan names. It is known when the plan is complete, after conditions
//! have been moved into the scan; then [`NameRule`] tells the scan's files.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use datafusion::common::Result;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{TreeNode as _, TreeNodeRecursion};
use datafusion::datasource::physical_plan::{FileScanConfig, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::ExecutionPlan;

use crate::hidden::called_path;

/// The names of the columns that the scans of a file may read, hidden ones too. It travels with the
/// file; none yet when no plan has been completed, and then a scan may read all.
#[derive(Debug, Clone, Default)]
pub(crate) struct NamedColumns(Arc<Mutex<Option<Arc<BTreeSet<String>>>>>);

impl NamedColumns {
    pub(super) fn get(&self) -> Option<Arc<BTreeSet<String>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Adds names: two scans of a plan may share their files.
    fn add(&self, names: BTreeSet<String>) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::make_mut(known.get_or_insert_default()).extend(names);
    }
}

/// Tells files which of their columns are read. Has to be the last rule.
#[derive(Debug)]
pub(crate) struct NameRule;

impl PhysicalOptimizerRule for NameRule {
    fn optimize(
        &self,
        plan: Arc<dyn ExecutionPlan>,
        _: &ConfigOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        plan.apply(|plan| {
            if let Some(scan) = plan.downcast_ref::<DataSourceExec>()
                && let Some((config, _)) = scan.downcast_to_file_source::<ParquetSource>()
            {
                name_columns(config)?;
            }
            Ok(TreeNodeRecursion::Continue)
        })?;
        Ok(plan)
    }

    fn name(&self) -> &str {
        "headwater_named_columns"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

fn name_columns(scan: &FileScanConfig) -> Result<()> {
    let files = scan.file_groups.iter().flat_map(|group| group.files());
    let mut named: Vec<&NamedColumns> = files.filter_map(|file| file.extension()).collect();
    named.dedup_by(|left, right| Arc::ptr_eq(&left.0, &right.0));
    let source = scan.file_source();
    // All columns are read where none are selected.
    let (false, Some(projection)) = (named.is_empty(), source.projection()) else { return Ok(()) };
    let mut names = BTreeSet::new();
    for expr in projection.expr_iter() {
        add_names(&expr, &mut names)?;
    }
    if let Some(condition) = source.filter() {
        add_names(&condition, &mut names)?;
    }
    for files in named {
        files.add(names.clone());
    }
    Ok(())
}

fn add_names(expr: &Arc<dyn PhysicalExpr>, names: &mut BTreeSet<String>) -> Result<()> {
    expr.apply(|expr| {
        if let Some(column) = expr.downcast_ref::<Column>() {
            names.insert(column.name().to_owned());
        }
        if let Some(path) = called_path(expr) {
            names.insert(path.to_string());
        }
        Ok(TreeNodeRecursion::Continue)
    })?;
    Ok(())
}
