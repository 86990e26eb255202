//! Events of a class as files for Amazon Security Lake: OCSF 1.1.0 in Parquet, one folder per
//! source, below it `region=…/accountId=…/eventDay=YYYYMMDD/`, rows in order of time.
//!
//! One ordered query gives the rows. Each is converted and goes to a spool on disk, while the
//! attributes that occur become the columns; then the files are written from the spool, one at a
//! time. So all files of a run have the same columns, and nothing is written when the run cannot
//! succeed. Names of files follow from the selection: a second run replaces them.

mod columns;
mod error;
mod files;
mod place;
mod rows;
mod spool;

use std::path::PathBuf;

use headwater_event::Timestamp;
use headwater_lake::Lake;
use headwater_ocsf::{Item, Version};
use serde::Serialize;

use crate::Session;

use files::{Files, Target};
use rows::Rows;

pub use error::ExportError;
pub use place::{account_folder, check_source, region_folder};

/// The release that Security Lake speaks.
pub(crate) const RELEASE: Version = Version::V1_1;

/// The folder of the version below that of a source: what Security Lake calls OCSF 1.1.0.
const SOURCE_VERSION: &str = "2.0";

/// What is exported, and where to.
#[derive(Debug, Clone)]
pub struct Export {
    /// The class, as [`class_named`] finds it.
    pub class: &'static Item,
    /// Condition in SQL on the columns of `events`.
    pub condition: Option<String>,
    /// First moment.
    pub since: Option<Timestamp>,
    /// First moment that is not exported any more.
    pub until: Option<Timestamp>,
    /// Region of events that tell none.
    pub region: Option<String>,
    /// Account of events that tell none.
    pub account: Option<String>,
    /// Name of the source in Security Lake.
    pub source: String,
    /// Folder or bucket that holds `ext/`.
    pub target: Lake,
    /// The lake that is read, as far as names of files depend on it.
    pub lake: String,
    /// Where the spool lies.
    pub spool_folder: PathBuf,
}

/// What a run did.
#[derive(Debug, Serialize)]
pub struct ExportReport {
    /// Number of the class.
    pub class_uid: i64,
    /// Name of the class in OCSF 1.1.0.
    pub class: String,
    /// Name of the source.
    pub source: String,
    /// Where its files are.
    pub folder: String,
    /// Events written.
    pub events: u64,
    /// Files written.
    pub files: u64,
    /// Their size.
    pub bytes: u64,
    /// Files of earlier runs with the same selection that went away.
    pub files_removed: u64,
    /// Events in which OCSF 1.1.0 finds an error.
    pub events_with_errors: u64,
    /// Attributes that are below `unmapped` in the files, by path.
    pub moved: Vec<Moved>,
    /// What OCSF 1.1.0 finds wrong, most frequent first.
    pub issues: Vec<Found>,
}

/// An attribute that OCSF 1.1.0 has no place for.
#[derive(Debug, Serialize)]
pub struct Moved {
    /// Its path.
    pub path: String,
    /// Values.
    pub count: u64,
}

/// A kind of issue.
#[derive(Debug, Serialize)]
pub struct Found {
    /// `warning` or `error`.
    pub severity: &'static str,
    /// The code of the issue.
    pub code: &'static str,
    /// Where.
    pub path: String,
    /// How often.
    pub count: u64,
}

/// The class of OCSF 1.1.0 for a name, number or caption of the native release.
///
/// # Errors
/// `Invalid`: there is no such class, or OCSF 1.1.0 does not have it.
pub fn class_named(name: &str) -> Result<&'static Item, ExportError> {
    let class = Version::NATIVE.catalogue().class_named(name);
    let class = class.ok_or_else(|| ExportError::ClassUnknown { class: name.to_owned() })?;
    let older = RELEASE.catalogue();
    class.uid.and_then(|uid| older.class(uid)).ok_or_else(|| {
        let wider = class.extends.as_deref().and_then(|name| older.class_named(name));
        ExportError::ClassOlder {
            class: class.name.clone(),
            wider: wider.map(|one| one.name.clone()),
        }
    })
}

/// Writes the files.
///
/// # Errors
/// The query fails, an event has no place, or the target cannot be written. Files written before
/// that stay; the next run replaces them.
pub async fn export(session: &Session, export: &Export) -> Result<ExportReport, ExportError> {
    check_source(&export.source)?;
    let mut rows = Rows::new(export)?;
    let mut answer = session.query(&statement(export), &[]).await?;
    while let Some(batch) = answer.next().await? {
        rows.add(&batch)?;
    }
    let (spooled, columns, mut report) = rows.finish()?;
    let mut files = Files::new(Target::new(export)?, columns.schema())?;
    let mut reader = spooled.read()?;
    while let Some(row) = reader.next()? {
        files.push(&row.place, row.json).await?;
    }
    let written = files.finish().await?;
    report.files = written.files;
    report.bytes = written.bytes;
    report.files_removed = written.removed;
    Ok(report)
}

/// Region, account, day and object of the chosen events, in the order of the files.
fn statement(export: &Export) -> String {
    let own = |path: &str, otherwise: Option<&String>| {
        let otherwise =
            otherwise.map_or_else(|| "CAST(NULL AS VARCHAR)".to_owned(), |text| quoted(text));
        format!("coalesce(nullif(json_extract_scalar(ocsf, '{path}'), ''), {otherwise})")
    };
    let region = own("$.cloud.region", export.region.as_ref());
    let account = own("$.cloud.account.uid", export.account.as_ref());
    let mut conditions = vec![
        format!("class_uid = {}", export.class.uid.unwrap_or_default()),
        "ocsf IS NOT NULL".to_owned(),
    ];
    let moment = |time: Timestamp| quoted(time.to_iso().as_str());
    conditions.extend(export.since.map(|time| format!("utctimestamp >= {}", moment(time))));
    conditions.extend(export.until.map(|time| format!("utctimestamp < {}", moment(time))));
    // The line ends before the bracket: the condition may end with a comment.
    conditions.extend(export.condition.as_ref().map(|text| format!("({text}\n)")));
    format!(
        "SELECT {region} AS place_region, {account} AS place_account, concat(year, month, day) AS \
         place_day, ocsf FROM events WHERE {} ORDER BY place_region, place_account, utctimestamp, \
         eventid",
        conditions.join(" AND ")
    )
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

#[cfg(test)]
mod tests;
