//! Which words are where in a data file: for every 8,192 rows a bloom filter of the words in their
//! documents, so that full text is read only where it may be found. The filters stand between the
//! two footers; the log says where (`DataFile::words`).
//!
//! The form, numbers little-endian: `HWW1`, rows of a block (u32), rows (u64), blocks (u32), bytes
//! of each block's filter (u32 each; 0 where any word may be), then the filters, each a bitset of
//! Parquet's split block bloom filter with the hash that Parquet uses, of words in lower case (see
//! [`headwater_event::document::words`]).

use std::ops::Range;

use arrow::array::{AsArray as _, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use arrow::error::ArrowError;
use hashbrown::HashSet;
use headwater_event::document::words::words;
use object_store::ObjectStoreExt as _;
use parquet::bloom_filter::Sbbf;
use parquet::errors::Result as ParquetResult;

use crate::error::{LakeError, Result};
use crate::file::DataFile;
use crate::table::Table;

/// The column of documents whose words are known.
pub const WORDS_COLUMN: &str = "details";

/// Name of the log's entry that says where a file's filters are.
pub(crate) const WORDS_TAG: &str = "headwater.words";

const MAGIC: &[u8; 4] = b"HWW1";

/// Rows that share a filter.
const BLOCK_ROWS: usize = 8_192;

/// Chance that a filter keeps a block without the word.
const FALSE_POSITIVES: f64 = 0.01;

/// Different words for each row, above which a filter costs more than it is worth.
const WORDS_PER_ROW_MAX: usize = 6;

/// Bytes of a word that is kept.
const WORD_BYTES: Range<usize> = 3..33;

/// Digits of a word that is kept, and letters at least. Names have few digits; identifiers, numbers
/// and times have many, are different in every row, and are looked for by other means.
const DIGITS_MAX: usize = 3;
const LETTERS_MIN: usize = 3;

/// Whether filters know a word, given in lower case.
fn is_kept(word: &str) -> bool {
    let count = |is: fn(&u8) -> bool| word.bytes().filter(is).count();
    WORD_BYTES.contains(&word.len())
        && count(u8::is_ascii_digit) <= DIGITS_MAX
        && count(|byte| !byte.is_ascii_digit() && *byte != b'_') >= LETTERS_MIN
}

/// Makes the filters of one file.
#[derive(Debug, Default)]
pub(crate) struct WordFilters {
    /// Words of the block in the making; `None` when it has too many.
    block: Option<HashSet<Box<str>>>,
    block_rows: usize,
    rows: u64,
    /// Of the blocks that are complete; empty for those with too many words.
    filters: Vec<Vec<u8>>,
}

impl WordFilters {
    /// Adds the documents of some rows, in the order of the file.
    ///
    /// # Errors
    /// The column is no text.
    pub(crate) fn add(&mut self, batch: &RecordBatch) -> std::result::Result<(), ArrowError> {
        let Some(column) = batch.column_by_name(WORDS_COLUMN) else { return Ok(()) };
        let column = cast(column, &DataType::Utf8View)?;
        for document in column.as_string_view() {
            if self.block_rows == 0 {
                self.block = Some(HashSet::new());
            }
            self.add_words(document.unwrap_or_default());
            self.block_rows += 1;
            self.rows += 1;
            if self.block_rows == BLOCK_ROWS {
                self.end_block()?;
            }
        }
        Ok(())
    }

    fn add_words(&mut self, document: &str) {
        let Some(block) = &mut self.block else { return };
        words(document, |word| {
            if is_kept(word) && !block.contains(word) {
                block.insert(word.into());
            }
        });
        if block.len() > WORDS_PER_ROW_MAX * BLOCK_ROWS {
            self.block = None;
        }
    }

    fn end_block(&mut self) -> ParquetResult<()> {
        let mut bits = Vec::new();
        if let Some(block) = self.block.take()
            && !block.is_empty()
        {
            let mut filter = Sbbf::new_with_ndv_fpp(block.len() as u64, FALSE_POSITIVES)?;
            for word in &block {
                filter.insert::<str>(word);
            }
            filter.write_bitset(&mut bits)?;
        }
        self.filters.push(bits);
        self.block_rows = 0;
        Ok(())
    }

    /// The filters in the form in which they are stored; none when no block has one.
    ///
    /// # Errors
    /// Those of the library.
    pub(crate) fn finish(mut self) -> ParquetResult<Option<Vec<u8>>> {
        if self.block_rows > 0 {
            self.end_block()?;
        }
        if self.filters.iter().all(Vec::is_empty) {
            return Ok(None);
        }
        let number = |length: usize| u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes();
        let mut bytes = MAGIC.to_vec();
        bytes.extend(number(BLOCK_ROWS));
        bytes.extend(self.rows.to_le_bytes());
        bytes.extend(number(self.filters.len()));
        for filter in &self.filters {
            bytes.extend(number(filter.len()));
        }
        bytes.extend(self.filters.concat());
        Ok(Some(bytes))
    }
}

/// The filters of a file.
#[derive(Debug, Clone)]
pub struct WordBlocks {
    rows: usize,
    block_rows: usize,
    /// `None` where any word may be.
    filters: Vec<Option<Sbbf>>,
}

impl WordBlocks {
    /// Reads them from the form in which they are stored; `None` when it is another.
    fn parse(bytes: &[u8]) -> Option<Self> {
        let mut rest = bytes.strip_prefix(MAGIC)?;
        let block_rows = usize::try_from(number(&mut rest)?).ok().filter(|rows| *rows > 0)?;
        let (rows, behind) = rest.split_first_chunk()?;
        rest = behind;
        let rows = usize::try_from(u64::from_le_bytes(*rows)).ok()?;
        let blocks = usize::try_from(number(&mut rest)?).ok()?;
        if blocks != rows.div_ceil(block_rows) {
            return None;
        }
        let lengths: Option<Vec<u32>> = (0..blocks).map(|_| number(&mut rest)).collect();
        let mut filters = Vec::new();
        for length in lengths? {
            let (bits, behind) = rest.split_at_checked(usize::try_from(length).ok()?)?;
            rest = behind;
            filters.push((!bits.is_empty()).then(|| Sbbf::new(bits)));
        }
        rest.is_empty().then_some(Self { rows, block_rows, filters })
    }

    /// Rows of the file.
    #[must_use]
    pub const fn rows(&self) -> usize {
        self.rows
    }

    /// The rows that may have, of each of some lists, one word at least, as ascending ranges. Words
    /// are given in lower case.
    #[must_use]
    pub fn rows_with(&self, lists: &[Vec<String>]) -> Vec<Range<usize>> {
        let may_have = |filter: &Option<Sbbf>| {
            let Some(filter) = filter else { return true };
            let is_there = |word: &String| !is_kept(word) || filter.check::<str>(word);
            lists.iter().all(|list| list.iter().any(is_there))
        };
        let blocks = self.filters.iter().enumerate().filter(|(_, filter)| may_have(filter));
        let ranges = blocks.map(|(block, _)| {
            let start = block * self.block_rows;
            start..self.rows.min(start + self.block_rows)
        });
        ranges.collect()
    }
}

fn number(bytes: &mut &[u8]) -> Option<u32> {
    let (number, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(u32::from_le_bytes(*number))
}

impl Table {
    /// Reads which words are where in a file; `None` when nobody wrote that down.
    ///
    /// # Errors
    /// Whatever the storage answers.
    pub async fn word_blocks(&self, file: &DataFile) -> Result<Option<WordBlocks>> {
        let Some(range) = file.words.clone() else { return Ok(None) };
        let object = self.object_path(file);
        let bytes = self.object_store().get_range(&object, range).await;
        let bytes = bytes.map_err(LakeError::storage("read", &object))?;
        Ok(WordBlocks::parse(&bytes))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::single_range_in_vec_init)]

    use std::sync::Arc;

    use arrow::array::{ArrayRef, StringArray};

    use super::*;

    fn filters(documents: Vec<Option<String>>) -> Option<WordBlocks> {
        let column: ArrayRef = Arc::new(StringArray::from(documents));
        let batch = RecordBatch::try_from_iter([(WORDS_COLUMN, column)]).unwrap();
        let mut filters = WordFilters::default();
        // In pieces that do not end where blocks do.
        for start in (0..batch.num_rows()).step_by(3_000) {
            filters.add(&batch.slice(start, 3_000.min(batch.num_rows() - start))).unwrap();
        }
        filters.finish().unwrap().map(|bytes| WordBlocks::parse(&bytes).unwrap())
    }

    #[test]
    fn a_word_is_looked_for_only_where_it_may_be() {
        let document = |row: usize| {
            let word = if row == 9_000 { "Mimikatz" } else { "notepad" };
            Some(format!(r#"{{"image":"C:\\new\\{word}.exe","id":"{row:08x}"}}"#))
        };
        let blocks = filters((0..20_000).map(document).collect()).unwrap();
        assert_eq!(blocks.rows(), 20_000);
        let whole = [0..8_192, 8_192..16_384, 16_384..20_000];
        let one = [whole[1].clone()];
        let check = |lists: &[&[&str]], expected: &[Range<usize>]| {
            let words = |list: &&[&str]| list.iter().map(|word| (*word).to_owned()).collect();
            let lists: Vec<Vec<String>> = lists.iter().map(words).collect();
            assert_eq!(blocks.rows_with(&lists), expected, "{lists:?}");
        };
        check(&[&["notepad"]], &whole);
        check(&[&["mimikatz"]], &one);
        check(&[&["mimikatz", "psexec"]], &one);
        check(&[&["mimikatz"], &["psexec"]], &[]);
        // Not known to filters.
        check(&[&["00000007"]], &whole);
        check(&[], &whole);
        assert!(filters(vec![None; 10]).is_none());
    }

    #[test]
    fn rows_of_too_many_words_have_no_filter() {
        let word = |mut number: usize| {
            let letters = std::iter::from_fn(|| {
                let letter = char::from(b'a' + u8::try_from(number % 26).unwrap());
                number /= 26;
                Some(letter)
            });
            letters.take(8).collect::<String>()
        };
        let document = |row: usize| {
            let words = (0..10).map(|place| word(row * 10 + place));
            Some(words.collect::<Vec<_>>().join(" "))
        };
        let mut documents: Vec<_> = (0..8_192).map(document).collect();
        documents.extend((0..10).map(|_| Some("notepad".to_owned())));
        let blocks = filters(documents).unwrap();
        assert_eq!(blocks.rows_with(&[vec!["mimikatz".to_owned()]]), [0..8_192]);
    }

    #[test]
    fn other_bytes_are_no_filters() {
        for bytes in [&b""[..], b"HWW1", b"HWW2\0\0\0\0", &[b'H'; 64]] {
            assert!(WordBlocks::parse(bytes).is_none());
        }
    }
}
