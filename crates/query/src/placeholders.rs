//! Placeholders of a statement whose values come as Arrow arrays: values keep their types and never
//! become text. `$1` and `?` are bound by place, `$name` by the name of a column.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::common::{DataFusionError, ParamValues, ScalarValue};
use datafusion::logical_expr::LogicalPlan;
use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::tokenizer::{Location, Token, Tokenizer};

/// The parameters of one statement, without their `$`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Placeholders {
    /// `$1` up to this number.
    Numbered(usize),
    /// `$name`, each once, sorted.
    Named(Vec<String>),
}

impl Placeholders {
    /// Those that a plan has.
    pub(crate) fn of(plan: &LogicalPlan) -> Result<Self, DataFusionError> {
        let names: BTreeSet<String> = plan
            .get_parameter_names()?
            .into_iter()
            .map(|id| id.strip_prefix('$').map(str::to_owned).unwrap_or(id))
            .collect();
        let numbers: Result<Vec<usize>, _> = names.iter().map(|name| name.parse()).collect();
        match numbers {
            Ok(numbers) => Ok(Self::Numbered(numbers.into_iter().max().unwrap_or_default())),
            Err(_) => Ok(Self::Named(names.into_iter().collect())),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        matches!(self, Self::Numbered(0))
    }

    /// One field for each, in the order in which they are bound. The type is what the statement
    /// compares it with, or text where nothing tells.
    pub(crate) fn schema(&self, plan: &LogicalPlan) -> Result<SchemaRef, DataFusionError> {
        let types = plan.get_parameter_types()?;
        let field = |name: String| {
            let known = types.get(&format!("${name}")).cloned().flatten();
            let known = known.filter(|kind| *kind != DataType::Null);
            Field::new(name, known.unwrap_or(DataType::Utf8), true)
        };
        let fields: Vec<Field> = match self {
            Self::Numbered(count) => (1..=*count).map(|number| field(number.to_string())).collect(),
            Self::Named(names) => names.iter().cloned().map(field).collect(),
        };
        Ok(Arc::new(Schema::new(fields)))
    }

    /// The values of one row.
    pub(crate) fn values(
        &self,
        rows: &RecordBatch,
        row: usize,
    ) -> Result<ParamValues, DataFusionError> {
        match self {
            Self::Numbered(count) if *count == rows.num_columns() => {
                let values = rows.columns().iter();
                let values = values.map(|column| ScalarValue::try_from_array(column, row));
                Ok(values.collect::<Result<Vec<_>, _>>()?.into())
            }
            Self::Numbered(count) => {
                let bound = rows.num_columns();
                let message = format!("{count} parameters need as many values, {bound} are bound");
                Err(DataFusionError::Plan(message))
            }
            Self::Named(names) => {
                let value = |name: &String| {
                    let column = rows.column_by_name(name).ok_or_else(|| {
                        DataFusionError::Plan(format!("no value is bound to `${name}`"))
                    })?;
                    Ok((name.clone(), ScalarValue::try_from_array(column, row)?))
                };
                let values: Result<Vec<_>, DataFusionError> = names.iter().map(value).collect();
                Ok(values?.into())
            }
        }
    }
}

/// The statement with `$1`, `$2` … for each `?` in turn. Text that cannot be read stays as it is.
pub(crate) fn number(sql: &str) -> Result<Cow<'_, str>, DataFusionError> {
    if !sql.contains('?') {
        return Ok(sql.into());
    }
    let Ok(tokens) = Tokenizer::new(&GenericDialect {}, sql).tokenize_with_location() else {
        return Ok(sql.into());
    };
    let (mut text, mut copied, mut count) = (String::new(), 0, 0);
    let mut has_dollars = false;
    let starts = line_starts(sql);
    for token in tokens {
        let Token::Placeholder(placeholder) = token.token else { continue };
        if placeholder != "?" {
            has_dollars = true;
            continue;
        }
        let place = offset(sql, &starts, token.span.start);
        let before = place.and_then(|place| sql.get(copied..place));
        let (Some(place), Some(before)) = (place, before) else { return Ok(sql.into()) };
        count += 1;
        text.push_str(before);
        text.push_str(&format!("${count}"));
        copied = place + placeholder.len();
    }
    if has_dollars && count > 0 {
        let message = "parameters are either all `?` or all `$1`".to_owned();
        return Err(DataFusionError::Plan(message));
    }
    text.push_str(sql.get(copied..).unwrap_or_default());
    Ok(text.into())
}

/// The offset of the first byte of each line.
fn line_starts(sql: &str) -> Vec<usize> {
    let ends = sql.match_indices('\n').map(|(end, _)| end + 1);
    std::iter::once(0).chain(ends).collect()
}

/// The offset of a place that is given as line and character, both from 1.
fn offset(sql: &str, line_starts: &[usize], place: Location) -> Option<usize> {
    let line = usize::try_from(place.line.checked_sub(1)?).ok()?;
    let column = usize::try_from(place.column.checked_sub(1)?).ok()?;
    let start = *line_starts.get(line)?;
    let (inside, _) = sql.get(start..)?.char_indices().nth(column)?;
    Some(start + inside)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn check(sql: &str, expected: &str) {
        assert_eq!(number(sql).unwrap(), expected, "{sql}");
    }

    #[test]
    fn question_marks_are_numbered_where_they_are_parameters() {
        check("SELECT 1", "SELECT 1");
        check("SELECT ?, ? + ?", "SELECT $1, $2 + $3");
        check("SELECT '?', \"?\", ? -- ?\n, ?", "SELECT '?', \"?\", $1 -- ?\n, $2");
        check(
            "SELECT 'Grüße\nß?',\r\n  'é' || ?\nFROM t",
            "SELECT 'Grüße\nß?',\r\n  'é' || $1\nFROM t",
        );
        check("SELECT 1 OFFSET ? LIMIT ?", "SELECT 1 OFFSET $1 LIMIT $2");
        check("SELECT '? FROM t WHERE a = ?", "SELECT '? FROM t WHERE a = ?");
        check("SELECT '?', $1", "SELECT '?', $1");
    }

    #[test]
    fn two_ways_at_once_are_refused() {
        let error = number("SELECT ?, $1").unwrap_err().to_string();
        assert!(error.contains("either all `?` or all `$1`"), "{error}");
    }
}
