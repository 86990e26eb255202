//! Records of files, as `ingest` would read them, without a lake.

use std::ops::ControlFlow;

use headwater_sources::files::{Listed, ReadOptions, ReadRequest, list, read};
use headwater_sources::record::Record;

use crate::context::Context;
use crate::failure::Failure;
use crate::screen;

/// Calls `each` for every record of the inputs, until it breaks.
pub(super) async fn for_each(
    context: &Context,
    inputs: Vec<String>,
    mut each: impl FnMut(Record<'_>) -> ControlFlow<()> + Send + 'static,
) -> Result<(), Failure> {
    let stores = context.object_stores()?;
    let work = move || -> Result<(), Failure> {
        let options = ReadOptions::default();
        for listed in list(&inputs, &stores) {
            let input = match listed? {
                Listed::Input(input) => input,
                Listed::Skipped(skipped) => {
                    screen::note(format_args!("skipped {}: {}", skipped.name, skipped.reason));
                    continue;
                }
            };
            let request = ReadRequest {
                input: &input,
                identity: None,
                options: &options,
                stores: &stores,
                skip_frames: 0,
                from_byte: 0,
            };
            let summary = read(request, &mut |chunk| chunk.records().try_for_each(&mut each))?;
            if summary.stopped {
                break;
            }
        }
        Ok(())
    };
    let joined = tokio::task::spawn_blocking(work).await;
    joined.unwrap_or_else(|error| {
        Err(Failure::new(headwater_event::ErrorKind::Internal, error.to_string()))
    })
}
