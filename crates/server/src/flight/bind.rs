//! Values for parameters, as a client sends them.

use std::time::Duration;

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use arrow_flight::decode::FlightRecordBatchStream;
use arrow_flight::error::FlightError;
use arrow_flight::sql::server::PeekableFlightDataStream;
use futures::TryStreamExt as _;
use tonic::Status;

/// Rows of values: a statement runs once for each.
const ROWS_MAX: usize = 1_000;

/// Bytes of all values.
const BYTES_MAX: usize = 4 << 20;

/// Longest time for all of them to arrive.
const TIME_MAX: Duration = Duration::from_secs(60);

/// Reads the values to the end.
///
/// # Errors
/// They are not Arrow record batches, too many, too large or too slow.
pub(super) async fn bound_values(stream: PeekableFlightDataStream) -> Result<RecordBatch, Status> {
    let reading = tokio::time::timeout(TIME_MAX, read(stream)).await;
    reading.unwrap_or_else(|_| Err(Status::resource_exhausted("the values arrive too slowly")))
}

async fn read(stream: PeekableFlightDataStream) -> Result<RecordBatch, Status> {
    let messages = stream.map_err(FlightError::from);
    let mut batches = FlightRecordBatchStream::new_from_flight_data(messages);
    let (mut all, mut rows, mut bytes) = (Vec::new(), 0, 0);
    while let Some(batch) = batches.try_next().await.map_err(unreadable)? {
        rows += batch.num_rows();
        bytes += batch.get_array_memory_size();
        if rows > ROWS_MAX || bytes > BYTES_MAX {
            let text = format!("bind at most {ROWS_MAX} rows and {BYTES_MAX} bytes of values");
            return Err(Status::resource_exhausted(text));
        }
        all.push(batch);
    }
    let schema = batches.schema().ok_or_else(|| Status::invalid_argument("no values were sent"))?;
    concat_batches(schema, &all).map_err(|error| unreadable(error.into()))
}

fn unreadable(error: FlightError) -> Status {
    match error {
        FlightError::Tonic(status) => *status,
        error => Status::invalid_argument(format!("the values cannot be read: {error}")),
    }
}
