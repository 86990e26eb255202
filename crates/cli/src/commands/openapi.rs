//! `headwater openapi`: the description of the API, for tools that make clients of it.

use std::process::ExitCode;

use crate::failure::Failure;
use crate::screen;

pub(crate) fn run() -> Result<ExitCode, Failure> {
    screen::data(format_args!("{}", headwater_server::openapi_document()?))?;
    Ok(ExitCode::SUCCESS)
}
