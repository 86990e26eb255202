//! What a ticket says: the id under which the query will run, so that it can be cancelled, and what
//! is asked. Servers forget nothing between two calls because they remember nothing.

use arrow_flight::sql::TicketStatementQuery;
use bytes::Bytes;
use tonic::Status;
use uuid::Uuid;

/// Bytes of an id.
const ID_BYTES: usize = 16;

/// A statement follows.
const STATEMENT: u8 = b's';

/// The id of a prepared statement follows.
const PREPARED: u8 = b'p';

/// Something to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ticket {
    /// The id of the query once it runs.
    pub(super) id: Uuid,
    pub(super) asked: Asked,
}

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Asked {
    /// This statement.
    Statement(String),
    /// The prepared statement with this handle.
    Prepared(Uuid),
}

impl Ticket {
    /// A ticket for a query that has not begun.
    pub(super) fn new(asked: Asked) -> Self {
        Self { id: Uuid::new_v4(), asked }
    }

    pub(super) fn to_message(&self) -> TicketStatementQuery {
        let mut handle = self.id.as_bytes().to_vec();
        match &self.asked {
            Asked::Statement(sql) => {
                handle.push(STATEMENT);
                handle.extend_from_slice(sql.as_bytes());
            }
            Asked::Prepared(prepared) => {
                handle.push(PREPARED);
                handle.extend_from_slice(prepared.as_bytes());
            }
        }
        TicketStatementQuery { statement_handle: handle.into() }
    }

    /// Reads a ticket.
    ///
    /// # Errors
    /// It is none of this server.
    pub(super) fn from_message(message: &TicketStatementQuery) -> Result<Self, Status> {
        Self::read(&message.statement_handle)
            .ok_or_else(|| Status::invalid_argument("the ticket is none of this server"))
    }

    fn read(handle: &[u8]) -> Option<Self> {
        let (id, rest) = handle.split_first_chunk::<ID_BYTES>()?;
        let (kind, rest) = rest.split_first()?;
        let asked = match *kind {
            STATEMENT => Asked::Statement(String::from_utf8(rest.to_vec()).ok()?),
            PREPARED => Asked::Prepared(Uuid::from_slice(rest).ok()?),
            _ => return None,
        };
        Some(Self { id: Uuid::from_bytes(*id), asked })
    }
}

/// The handle of a prepared statement as clients hold it.
pub(super) fn prepared_handle(id: Uuid) -> Bytes {
    Bytes::copy_from_slice(id.as_bytes())
}

/// Reads such a handle.
///
/// # Errors
/// It is none of this server.
pub(super) fn prepared_id(handle: &[u8]) -> Result<Uuid, Status> {
    Uuid::from_slice(handle)
        .map_err(|_| Status::invalid_argument("the handle is none of this server"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn tickets_are_read_back_and_others_are_refused() {
        for asked in [Asked::Statement("SELECT 'é'".into()), Asked::Prepared(Uuid::new_v4())] {
            let ticket = Ticket::new(asked);
            assert_eq!(Ticket::from_message(&ticket.to_message()).unwrap(), ticket);
        }
        let id = [7; ID_BYTES];
        for rest in [b"".as_slice(), b"x", b"s\xff", b"pshort"] {
            let statement_handle = [id.as_slice(), rest].concat().into();
            let refused = Ticket::from_message(&TicketStatementQuery { statement_handle });
            assert_eq!(refused.unwrap_err().code(), tonic::Code::InvalidArgument, "{rest:?}");
        }
        let short = TicketStatementQuery { statement_handle: Bytes::from_static(b"s") };
        assert!(Ticket::from_message(&short).is_err());
    }
}
