//! Which columns of its files a scan names. It is known when the plan is complete, after conditions
//! have been moved into the scan; then [`NameRule`] tells the scan's files.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use datafusion::common::Result;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{TreeNode as _, TreeNodeRecursion};
use datafusion::datasource::physical_plan::{FileScanConfig, FileSource, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::ExecutionPlan;

use crate::grouping::AsDictionary;
use crate::hidden::called_path;

/// Names of columns, hidden ones too.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Names {
    /// Columns whose values are read.
    pub(super) values: BTreeSet<String>,
    /// Columns that are read as dictionaries, and perhaps as values as well.
    pub(super) dictionaries: BTreeSet<String>,
}

impl Names {
    /// Whether the column is read.
    pub(super) fn contains(&self, name: &str) -> bool {
        self.values.contains(name) || self.dictionaries.contains(name)
    }

    /// Whether the column is read as a dictionary alone.
    pub(super) fn is_dictionary(&self, name: &str) -> bool {
        self.dictionaries.contains(name) && !self.values.contains(name)
    }

    fn of(scan: &dyn FileSource) -> Result<Option<Self>> {
        // All columns are read where none are selected.
        let Some(projection) = scan.projection() else { return Ok(None) };
        let mut names = Self::default();
        for expr in projection.expr_iter() {
            let text = expr.downcast_ref::<AsDictionary>().map(AsDictionary::text);
            let Some((text, name)) = text.and_then(|text| Some((text, column_name(text)?))) else {
                add_names(&expr, &mut names.values)?;
                continue;
            };
            names.dictionaries.insert(name);
            // The document, for files without the column.
            for inner in text.children() {
                add_names(inner, &mut names.values)?;
            }
        }
        if let Some(condition) = scan.filter() {
            add_names(&condition, &mut names.values)?;
        }
        Ok(Some(names))
    }
}

/// The names of the columns that the scans of a file may read. It travels with the file; none yet
/// when no plan has been completed, and then a scan may read all.
#[derive(Debug, Clone, Default)]
pub(crate) struct NamedColumns(Arc<Mutex<Option<Arc<Names>>>>);

impl NamedColumns {
    pub(super) fn get(&self) -> Option<Arc<Names>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Adds names: two scans of a plan may share their files.
    fn add(&self, names: Names) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = Arc::make_mut(known.get_or_insert_default());
        known.values.extend(names.values);
        known.dictionaries.extend(names.dictionaries);
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
    if named.is_empty() {
        return Ok(());
    }
    let Some(names) = Names::of(scan.file_source().as_ref())? else { return Ok(()) };
    for files in named {
        files.add(names.clone());
    }
    Ok(())
}

/// The name of the column that an expression is in a file which has it; none when it is more than
/// a column.
pub(crate) fn column_name(expr: &Arc<dyn PhysicalExpr>) -> Option<String> {
    match expr.downcast_ref::<Column>() {
        Some(column) => Some(column.name().to_owned()),
        None => called_path(expr).map(|path| path.to_string()),
    }
}

/// Adds the names of all columns that an expression may read.
pub(crate) fn add_names(expr: &Arc<dyn PhysicalExpr>, names: &mut BTreeSet<String>) -> Result<()> {
    expr.apply(|expr| {
        names.extend(column_name(expr));
        Ok(TreeNodeRecursion::Continue)
    })?;
    Ok(())
}
