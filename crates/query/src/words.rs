//! Leaves out rows by the filters of words that compacted files have (see
//! [`headwater_lake::hidden::WordBlocks`]).

use std::collections::HashMap;
use std::sync::Arc;

use datafusion::common::Result;
use datafusion::logical_expr::utils::split_conjunction;
use datafusion::logical_expr::{BinaryExpr, Expr, Operator};
use futures::StreamExt as _;
use headwater_lake::hidden::WORDS_COLUMN;
use headwater_lake::{DataFile, Table};
use parquet::arrow::arrow_reader::RowSelection;

use crate::catalog::external;
use crate::functions::CONTAINS_TOKEN;

/// Filters of files that are read at the same time.
const READS_MAX: usize = 16;

/// What may have the words that a statement asks for.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    pub(crate) files: Vec<Arc<DataFile>>,
    /// The rows to read of some files, by path; of others all.
    pub(crate) rows: HashMap<String, RowSelection>,
    /// Rows that need not be read.
    pub(crate) left_out: u64,
}

/// The files, and the rows in them, that may have the words that all `filters` ask for.
///
/// # Errors
/// Filters of a file cannot be read.
pub(crate) async fn keep_words(
    table: &Table,
    filters: &[Expr],
    files: Vec<Arc<DataFile>>,
) -> Result<Kept> {
    let mut lists = Vec::new();
    for condition in filters.iter().flat_map(split_conjunction) {
        let mut words = Vec::new();
        if collect(condition, &mut words) {
            lists.push(words);
        }
    }
    if lists.is_empty() {
        return Ok(Kept { files, ..Kept::default() });
    }
    let mut looks = futures::stream::iter(files)
        .map(|file| async move { (table.word_blocks(&file).await, file) })
        .buffered(READS_MAX);
    let mut kept = Kept::default();
    while let Some((blocks, file)) = looks.next().await {
        let Some(blocks) = blocks.map_err(external)? else {
            kept.files.push(file);
            continue;
        };
        let (ranges, all) = (blocks.rows_with(&lists), blocks.rows());
        let rows: usize = ranges.iter().map(ExactSizeIterator::len).sum();
        kept.left_out += (all - rows) as u64;
        if rows > 0 && rows < all {
            let selection = RowSelection::from_consecutive_ranges(ranges.into_iter(), all);
            kept.rows.insert(file.path.clone(), selection);
        }
        if rows > 0 {
            kept.files.push(file);
        }
    }
    Ok(kept)
}

/// Gathers the words of which a condition asks for one, in lower case; `false` when it is about
/// anything else.
fn collect(condition: &Expr, words: &mut Vec<String>) -> bool {
    match condition {
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::Or, right }) => {
            collect(left, words) && collect(right, words)
        }
        Expr::ScalarFunction(call) if call.func.name() == CONTAINS_TOKEN => {
            let [Expr::Column(column), Expr::Literal(word, _)] = call.args.as_slice() else {
                return false;
            };
            let word = word.try_as_str().flatten();
            words.extend(word.map(str::to_ascii_lowercase));
            column.name == WORDS_COLUMN && word.is_some()
        }
        _ => false,
    }
}
