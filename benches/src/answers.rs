//! Comparing answers: a fast wrong one must count as a failure.

use anyhow::{Result, bail};
use arrow::array::RecordBatch;
use arrow::util::display::{ArrayFormatter, FormatOptions};

/// Stands between the values of a row; no value holds it.
const SEPARATOR: &str = "\u{1f}";

/// Rows as text, sorted, in the form that the rivals use.
///
/// # Errors
/// A type that has no text.
pub fn rows(batches: &[RecordBatch]) -> Result<Vec<String>> {
    let mut rows = Vec::new();
    let options = FormatOptions::new().with_null("\\N");
    for batch in batches {
        let columns = batch.columns().iter();
        let formatters = columns
            .map(|column| ArrayFormatter::try_new(column.as_ref(), &options))
            .collect::<Result<Vec<_>, _>>()?;
        for row in 0..batch.num_rows() {
            let values: Vec<String> =
                formatters.iter().map(|column| column.value(row).to_string()).collect();
            rows.push(values.join(SEPARATOR));
        }
    }
    rows.sort_unstable();
    Ok(rows)
}

/// Checks that both engines gave the same rows, and any at all.
///
/// # Errors
/// They did not; names the first difference.
pub fn same(query: &str, ours: &[String], theirs: &[String]) -> Result<()> {
    if ours.is_empty() {
        bail!("{query}: no rows, so nothing was measured");
    }
    let first = ours.iter().zip(theirs).find(|(ours, theirs)| ours != theirs);
    if let Some((ours, theirs)) = first {
        bail!("{query}: `{}` here, `{}` there", readable(ours), readable(theirs));
    }
    if ours.len() != theirs.len() {
        bail!("{query}: {} rows here, {} there", ours.len(), theirs.len());
    }
    Ok(())
}

fn readable(row: &str) -> String {
    row.replace(SEPARATOR, " | ").chars().take(300).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use std::sync::Arc;

    use arrow::array::{ArrayRef, Int64Array, StringArray};

    use super::{RecordBatch, rows, same};

    #[test]
    fn rows_are_sorted_text_with_nulls_marked() {
        let names: ArrayRef = Arc::new(StringArray::from(vec![Some("b"), None]));
        let counts: ArrayRef = Arc::new(Int64Array::from(vec![1, 2]));
        let batch = RecordBatch::try_from_iter([("name", names), ("count", counts)]).unwrap();
        assert_eq!(rows(&[batch]).unwrap(), ["\\N\u{1f}2", "b\u{1f}1"]);
    }

    #[test]
    fn different_answers_and_empty_ones_are_failures() {
        let text = |rows: &[&str]| rows.iter().map(|&row| row.to_owned()).collect::<Vec<_>>();
        for (ours, theirs, fault) in [
            (&["a"][..], &["a"][..], None),
            (&[], &[], Some("q: no rows, so nothing was measured")),
            (&["a"], &["b"], Some("q: `a` here, `b` there")),
            (&["a", "b"], &["a"], Some("q: 2 rows here, 1 there")),
        ] {
            let result = same("q", &text(ours), &text(theirs));
            assert_eq!(result.err().map(|error| error.to_string()).as_deref(), fault);
        }
    }
}
