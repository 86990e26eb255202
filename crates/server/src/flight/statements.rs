//! Prepared statements: text and bound values, kept until they are closed or not used for long.
//! Each belongs to the token that made it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arrow::array::RecordBatch;
use tokio::time::Instant;
use tonic::Status;
use uuid::Uuid;

/// A statement is forgotten when it was not used for so long.
pub(super) const UNUSED_MAX: Duration = Duration::from_secs(3_600);

/// Statements of one token.
const OF_TOKEN_MAX: usize = 256;

/// Statements of a server.
const COUNT_MAX: usize = 4_096;

/// Bytes of all texts and values together.
const BYTES_MAX: usize = 64 << 20;

/// A statement as it was prepared.
#[derive(Debug, Clone)]
pub(super) struct Statement {
    pub(super) sql: Arc<str>,
    /// One column for each parameter, one row for each run; none before something is bound.
    pub(super) values: Option<RecordBatch>,
}

impl Statement {
    fn bytes(&self) -> usize {
        self.sql.len() + self.values.as_ref().map_or(0, RecordBatch::get_array_memory_size)
    }
}

/// All prepared statements of a server.
#[derive(Debug, Default)]
pub(super) struct Statements(Mutex<HashMap<Uuid, Kept>>);

#[derive(Debug)]
struct Kept {
    /// Id of the token.
    owner: Uuid,
    statement: Statement,
    used: Instant,
}

impl Statements {
    /// Keeps a statement for a token and returns its handle.
    ///
    /// # Errors
    /// There are too many.
    pub(super) fn add(&self, owner: Uuid, sql: &str, now: Instant) -> Result<Uuid, Status> {
        let mut kept = self.lock(now);
        let statement = Statement { sql: sql.into(), values: None };
        let of_token = kept.values().filter(|kept| kept.owner == owner).count();
        if of_token >= OF_TOKEN_MAX || kept.len() >= COUNT_MAX {
            let text = "too many prepared statements are open: close some";
            return Err(Status::resource_exhausted(text));
        }
        check_bytes(&kept, statement.bytes())?;
        let id = Uuid::new_v4();
        kept.insert(id, Kept { owner, statement, used: now });
        Ok(id)
    }

    /// A statement of a token.
    ///
    /// # Errors
    /// It has no such statement.
    pub(super) fn find(&self, owner: Uuid, id: Uuid, now: Instant) -> Result<Statement, Status> {
        let mut kept = self.lock(now);
        let kept = kept.get_mut(&id).filter(|kept| kept.owner == owner).ok_or_else(unknown)?;
        kept.used = now;
        Ok(kept.statement.clone())
    }

    /// Binds values in place of those bound before.
    ///
    /// # Errors
    /// The token has no such statement, or all values together take too much memory.
    pub(super) fn bind(
        &self,
        owner: Uuid,
        id: Uuid,
        values: RecordBatch,
        now: Instant,
    ) -> Result<(), Status> {
        let mut kept = self.lock(now);
        check_bytes(&kept, values.get_array_memory_size())?;
        let kept = kept.get_mut(&id).filter(|kept| kept.owner == owner).ok_or_else(unknown)?;
        kept.statement.values = Some(values);
        kept.used = now;
        Ok(())
    }

    /// Forgets a statement of a token; whether there was one.
    pub(super) fn close(&self, owner: Uuid, id: Uuid, now: Instant) -> bool {
        let mut kept = self.lock(now);
        let is_owned = kept.get(&id).is_some_and(|kept| kept.owner == owner);
        is_owned && kept.remove(&id).is_some()
    }

    /// The statements that are still good.
    fn lock(&self, now: Instant) -> MutexGuard<'_, HashMap<Uuid, Kept>> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|_, kept| now.saturating_duration_since(kept.used) < UNUSED_MAX);
        kept
    }
}

fn check_bytes(kept: &HashMap<Uuid, Kept>, further: usize) -> Result<(), Status> {
    let bytes: usize = kept.values().map(|kept| kept.statement.bytes()).sum();
    if bytes.saturating_add(further) > BYTES_MAX {
        let text = "prepared statements take too much memory: close some, or bind fewer values";
        return Err(Status::resource_exhausted(text));
    }
    Ok(())
}

fn unknown() -> Status {
    Status::not_found("there is no such prepared statement: it was closed, or not used for an hour")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use arrow::array::{ArrayRef, StringArray};
    use tonic::Code;

    use super::*;

    fn values(bytes: usize) -> RecordBatch {
        let column: ArrayRef = Arc::new(StringArray::from(vec!["x".repeat(bytes)]));
        RecordBatch::try_from_iter([("1", column)]).unwrap()
    }

    #[test]
    fn a_statement_belongs_to_its_token_until_it_is_closed() {
        let (statements, now) = (Statements::default(), Instant::now());
        let (owner, other) = (Uuid::new_v4(), Uuid::new_v4());
        let id = statements.add(owner, "SELECT $1", now).unwrap();
        statements.bind(owner, id, values(1), now).unwrap();
        assert!(statements.find(owner, id, now).unwrap().values.is_some());
        assert_eq!(statements.find(other, id, now).unwrap_err().code(), Code::NotFound);
        assert_eq!(statements.bind(other, id, values(1), now).unwrap_err().code(), Code::NotFound);
        assert!(!statements.close(other, id, now));
        assert!(statements.close(owner, id, now));
        assert_eq!(statements.find(owner, id, now).unwrap_err().code(), Code::NotFound);
    }

    #[test]
    fn unused_statements_are_forgotten() {
        let (statements, start, owner) = (Statements::default(), Instant::now(), Uuid::new_v4());
        let used = statements.add(owner, "SELECT 1", start).unwrap();
        let unused = statements.add(owner, "SELECT 2", start).unwrap();
        assert!(statements.find(owner, used, start + UNUSED_MAX / 2).is_ok());
        assert!(statements.find(owner, unused, start + UNUSED_MAX).is_err());
        assert!(statements.find(owner, used, start + UNUSED_MAX).is_ok());
    }

    #[test]
    fn count_and_memory_are_limited() {
        let (statements, now, owner) = (Statements::default(), Instant::now(), Uuid::new_v4());
        for _ in 0..OF_TOKEN_MAX {
            statements.add(owner, "SELECT 1", now).unwrap();
        }
        let refused = statements.add(owner, "SELECT 1", now).unwrap_err();
        assert_eq!(refused.code(), Code::ResourceExhausted);
        // Others go on.
        let other = Uuid::new_v4();
        let id = statements.add(other, "SELECT $1", now).unwrap();
        statements.bind(other, id, values(BYTES_MAX / 2), now).unwrap();
        let refused = statements.bind(other, id, values(BYTES_MAX / 2), now).unwrap_err();
        assert_eq!(refused.code(), Code::ResourceExhausted);
    }
}
