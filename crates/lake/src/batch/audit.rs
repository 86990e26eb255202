//! Rows of the table `audit`.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray, new_null_array,
};
use arrow::error::ArrowError;
use headwater_event::{Timestamp, schema};
use uuid::Uuid;

use crate::error::{LakeError, Result};
use crate::lake::Lake;
use crate::log::commit::Commit;
use crate::schema::stored_schema;
use crate::write::{TableWriter, WriterOptions};

/// Something that was asked or changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// Names the entry; one that was appended twice after a failure has it twice.
    pub id: Uuid,
    /// When it began.
    pub time: Timestamp,
    /// What: `query`, `query.save`, `query.delete`, `token.create`, `token.revoke`.
    pub action: &'static str,
    /// Id of the token that was used, and its name.
    pub token: Option<(Uuid, Arc<str>)>,
    /// Where it came from.
    pub address: Option<String>,
    /// The SQL statement, or what was changed.
    pub statement: String,
    /// `ok`, `error` or `cancelled`.
    pub outcome: &'static str,
    /// Why it did not succeed.
    pub reason: Option<String>,
    /// Rows of the answer.
    pub rows: Option<i64>,
    /// How long it took.
    pub milliseconds: Option<i64>,
}

impl Lake {
    /// Appends to the table `audit`, which is made when it does not exist.
    ///
    /// # Errors
    /// Whatever the storage answers; nothing was appended, or everything.
    pub async fn append_audit(&self, entries: &[AuditEntry]) -> Result<()> {
        let table = self.table(schema::AUDIT)?;
        table.ensure_created().await?;
        let rows = batch(entries).map_err(LakeError::arrow("build rows of the audit table"))?;
        let writer = TableWriter::new(table.clone(), WriterOptions::default())?;
        let files = writer.write(vec![rows]).await?;
        table.commit(Commit::append(files, Vec::new())).await?;
        table.settle().await;
        Ok(())
    }
}

/// The entries in the order of [`schema::AUDIT_COLUMNS`].
fn batch(entries: &[AuditEntry]) -> std::result::Result<RecordBatch, ArrowError> {
    let schema = stored_schema(&schema::AUDIT_COLUMNS);
    let text = |value: &dyn Fn(&AuditEntry) -> Option<String>| -> ArrayRef {
        Arc::new(entries.iter().map(value).collect::<StringArray>())
    };
    let number = |value: fn(&AuditEntry) -> Option<i64>| -> ArrayRef {
        Arc::new(entries.iter().map(value).collect::<Int64Array>())
    };
    let columns = schema.fields().iter().map(|field| match field.name().as_str() {
        "auditid" => text(&|entry| Some(entry.id.to_string())),
        "utctimestamp" => {
            let times = entries.iter().map(|entry| Some(entry.time.as_micros()));
            Arc::new(times.collect::<TimestampMicrosecondArray>().with_timezone("UTC"))
        }
        "action" => text(&|entry| Some(entry.action.to_owned())),
        "tokenid" => text(&|entry| entry.token.as_ref().map(|(id, _)| id.to_string())),
        "token" => text(&|entry| entry.token.as_ref().map(|(_, name)| name.to_string())),
        "address" => text(&|entry| entry.address.clone()),
        "statement" => text(&|entry| Some(entry.statement.clone())),
        "outcome" => text(&|entry| Some(entry.outcome.to_owned())),
        "reason" => text(&|entry| entry.reason.clone()),
        "rows" => number(|entry| entry.rows),
        "milliseconds" => number(|entry| entry.milliseconds),
        _ => new_null_array(field.data_type(), entries.len()),
    });
    let columns = columns.collect();
    RecordBatch::try_new(schema, columns)
}
