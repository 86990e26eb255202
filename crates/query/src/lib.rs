//! SQL over the lake: sessions with limits, the Presto/Trino functions that hunters use, file
//! pruning by what the Delta log knows, results in every common format, and files for Amazon
//! Security Lake.

mod asked;
mod bound;
mod catalog;
mod dialect;
mod error;
mod explain;
mod filter;
mod footers;
mod fresh;
pub mod functions;
mod grouping;
mod hidden;
mod ioc;
mod json;
mod output;
mod parameter;
mod placeholders;
mod prune;
mod scan_report;
pub mod security_lake;
mod session;
mod statement;
mod table;
mod tables;
mod views;
mod words;

pub use asked::AskedPaths;
pub use bound::Description;
pub use error::QueryError;
pub use filter::Filter;
pub use fresh::{FreshBatch, FreshRows};
pub use ioc::{IndicatorLists, Indicators, Sighting, SightingFilter, Sightings};
pub use output::{OutputFormat, ResultWriter};
pub use parameter::Parameter;
pub use scan_report::ScanReport;
pub use session::{Answer, CATALOG, SCHEMA, Session, SessionOptions};
pub use statement::STACK_BYTES;
pub use tables::TableName;
pub use views::OCSF;
