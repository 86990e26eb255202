//! The view of one class: the envelope of its events, then their attributes as columns.

use std::collections::{BTreeMap, BTreeSet};

use arrow::datatypes::{DataType, TimeUnit};
use datafusion::common::Result;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, cast, ident, lit, try_cast};
use headwater_event::schema::{EVENT_COLUMNS, OCSF_COLUMNS, PARTITION_COLUMNS, TIME_COLUMN};
use headwater_ocsf::{Item, Version, follow};

use super::attributes::{Paths, Shape};
use super::sample::{CLASS, OBJECT};
use crate::functions::{json_at, scalar_at};
use crate::table::LakeTable;

/// Most columns of attributes; of more, those with the shortest paths stay.
const ATTRIBUTES_MAX: usize = 200;

/// The name of [`TIME_COLUMN`] in views: that of OCSF.
pub(super) const TIME: &str = "time";

/// A column of `events` that is no attribute although it is called as one.
const SEVERITY: &str = "severity";

/// The attribute with what no attribute was found for.
pub(crate) const UNMAPPED: &str = "unmapped";

/// The plan of a class's view over a snapshot of `events`.
pub(super) fn plan(events: LakeTable, class: &Item, found: Paths) -> Result<LogicalPlan> {
    let columns: BTreeSet<String> =
        events.columns().fields().iter().map(|field| field.name().clone()).collect();
    let attributes = attributes(&columns, class, found);
    let scan = events.scan_plan()?;
    let of_class = ident(CLASS).eq(lit(class.uid.unwrap_or_default()));
    let envelope = envelope(&columns);
    let mut names: BTreeSet<String> =
        envelope.iter().map(|expr| expr.schema_name().to_string()).collect();
    let mut all = envelope;
    for (path, column) in attributes {
        let name = path.replace('.', "_");
        // The envelope's own names come first; two paths may read the same with `_`.
        if names.insert(name.clone()) {
            all.push(column.expression(&path).alias(name));
        }
    }
    LogicalPlanBuilder::from(scan).filter(of_class)?.project(all)?.build()
}

/// The columns of `events` that are no attributes, what hunters look at first in front. `severity`
/// is not among them: here it is that of OCSF.
fn envelope(columns: &BTreeSet<String>) -> Vec<Expr> {
    const FIRST: [&str; 6] = ["eventid", TIME_COLUMN, "source", "index", "host", "sourcetype"];
    let is_attribute = |name: &str| OCSF_COLUMNS.iter().any(|path| path.replace('.', "_") == name);
    let own = EVENT_COLUMNS.iter().map(|column| column.name).chain(PARTITION_COLUMNS);
    let rest = own.filter(|name| !FIRST.contains(name) && !is_attribute(name) && *name != SEVERITY);
    let names = FIRST.into_iter().chain(rest).filter(|name| columns.contains(*name));
    let mut all = vec![ident(TIME_COLUMN).alias(TIME)];
    for name in names {
        all.push(ident(name));
        if name == OBJECT {
            all.push(json_at(ident(OBJECT), "$.unmapped").alias(UNMAPPED));
        }
    }
    all
}

/// Where an attribute's values are.
enum Column {
    /// In a column of `events`.
    Stored,
    /// In the object only.
    Inside(Shape),
}

impl Column {
    fn expression(&self, path: &str) -> Expr {
        let Self::Inside(shape) = self else { return ident(path.replace('.', "_")) };
        let path = format!("$.{path}");
        let text = || scalar_at(ident(OBJECT), &path);
        let instant = |unit| DataType::Timestamp(unit, Some("UTC".into()));
        match shape {
            Shape::Milliseconds => {
                let number = try_cast(text(), DataType::Int64);
                let time = cast(number, instant(TimeUnit::Millisecond));
                try_cast(time, instant(TimeUnit::Microsecond))
            }
            Shape::Instant => try_cast(text(), instant(TimeUnit::Microsecond)),
            Shape::Integer => try_cast(text(), DataType::Int64),
            Shape::Float => try_cast(text(), DataType::Float64),
            Shape::Boolean => try_cast(text(), DataType::Boolean),
            Shape::Text => text(),
            Shape::Json => json_at(ident(OBJECT), &path),
        }
    }
}

/// The attributes by path: those that the class can have in a column of `events`, whether they were
/// seen or not, and those that were found.
fn attributes(columns: &BTreeSet<String>, class: &Item, found: Paths) -> BTreeMap<String, Column> {
    let catalogue = Version::NATIVE.catalogue();
    let is_stored = |path: &&str| {
        columns.contains(&path.replace('.', "_")) && follow(catalogue, class, path).is_some()
    };
    let stored = OCSF_COLUMNS.iter().copied().filter(is_stored);
    let mut all: BTreeMap<String, Column> =
        stored.map(|path| (path.to_owned(), Column::Stored)).collect();
    let mut others: Vec<(String, Shape)> =
        found.into_iter().filter(|(path, _)| !all.contains_key(path)).collect();
    others.sort_by_cached_key(|(path, _)| (path.matches('.').count(), path.clone()));
    others.truncate(ATTRIBUTES_MAX.saturating_sub(all.len()));
    all.extend(others.into_iter().map(|(path, shape)| (path, Column::Inside(shape))));
    all
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn names(found: &[&str]) -> Vec<String> {
        let columns = ["user_name", "file_path", "eventid"].map(str::to_owned).into();
        let class = Version::NATIVE.catalogue().class(3002).unwrap();
        let found = found.iter().map(|path| ((*path).to_owned(), Shape::Text)).collect();
        attributes(&columns, class, found).into_keys().collect()
    }

    #[test]
    fn columns_that_the_class_can_have_are_there_unseen() {
        // A logon has no file.
        assert_eq!(names(&[]), ["user.name"]);
        assert_eq!(names(&["user.type", "message"]), ["message", "user.name", "user.type"]);
    }

    #[test]
    fn of_too_many_attributes_those_with_the_shortest_paths_stay() {
        let deep: Vec<String> = (0..150).map(|number| format!("a.b.x{number:03}")).collect();
        let flat: Vec<String> = (0..150).map(|number| format!("z{number:03}")).collect();
        let found: Vec<&str> = deep.iter().chain(&flat).map(String::as_str).collect();
        let kept = names(&found);
        assert_eq!(kept.len(), ATTRIBUTES_MAX);
        assert!(flat.iter().all(|path| kept.contains(path)));
        assert_eq!(kept[..49], deep[..49]);
        assert_eq!(kept[49], "user.name");
    }
}
