//! The columns of the lake's tables: the public contract with every engine that reads them. Plain
//! data; `lake` turns it into an Arrow schema and writer settings.

/// Type of a column, by its Delta and Arrow meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ColumnType {
    /// UTF-8 text (Delta `string`, Arrow `Utf8`).
    Text,
    /// List of UTF-8 text (Delta `array<string>`, Arrow `List<Utf8>`).
    TextList,
    /// Instant, microseconds, UTC (Delta `timestamp`).
    Timestamp,
    /// Day of the calendar (Delta `date`, Arrow `Date32`).
    Date,
    /// 32-bit signed integer (Delta `integer`).
    Integer,
    /// 64-bit signed integer (Delta `long`).
    Long,
    /// Bytes (Delta `binary`).
    Bytes,
    /// List of observables, `array<struct<type_id: integer, name: string, value: string>>`.
    Observables,
    /// List of what is wrong with an event's OCSF object,
    /// `array<struct<severity: string, code: string, path: string, value: string>>`.
    Issues,
}

/// One column: its name and how the writer stores it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ColumnDefinition {
    /// Name in the table.
    pub name: &'static str,
    /// Type in the table.
    pub column_type: ColumnType,
    /// Whether a value may be absent.
    pub nullable: bool,
    /// Whether min, max and null count go into the Delta log and the Parquet footer.
    pub statistics: bool,
    /// Whether row groups carry a bloom filter (point lookups on high-cardinality values).
    pub bloom: bool,
    /// Whether dictionary encoding is tried (off for long, unique text).
    pub dictionary: bool,
}

const fn column(name: &'static str, column_type: ColumnType) -> ColumnDefinition {
    ColumnDefinition {
        name,
        column_type,
        nullable: true,
        statistics: true,
        bloom: false,
        dictionary: true,
    }
}

const fn required(mut definition: ColumnDefinition) -> ColumnDefinition {
    definition.nullable = false;
    definition
}

const fn bloomed(mut definition: ColumnDefinition) -> ColumnDefinition {
    definition.bloom = true;
    definition.dictionary = false;
    definition
}

/// For values that repeat and that somebody looks for: bloom filter and dictionary.
const fn searched(mut definition: ColumnDefinition) -> ColumnDefinition {
    definition.bloom = true;
    definition
}

const fn opaque(mut definition: ColumnDefinition) -> ColumnDefinition {
    definition.statistics = false;
    definition.dictionary = false;
    definition
}

const fn undictionaried(mut definition: ColumnDefinition) -> ColumnDefinition {
    definition.dictionary = false;
    definition
}

const fn no_statistics(mut definition: ColumnDefinition) -> ColumnDefinition {
    definition.statistics = false;
    definition
}

/// Partition columns of tables of events, strings in UTC: `YYYY`, `MM`, `DD`, `HH`. Not stored in
/// the files.
pub const PARTITION_COLUMNS: [&str; 4] = ["year", "month", "day", "hour"];

/// The column that partitions tables of events and sorts the rows of each source.
pub const TIME_COLUMN: &str = "utctimestamp";

/// The column with the name of the source.
pub const SOURCE_COLUMN: &str = "source";

/// Name of the table of events.
pub const EVENTS: &str = "events";

/// Name of the table of records that could not become events.
pub const REJECTS: &str = "rejects";

/// Name of the table of what was asked and changed, by whom.
pub const AUDIT: &str = "audit";

/// Name of the index of observables.
pub const OBSERVABLES: &str = "observables";

/// Columns of `events` that are stored in the data files, in order; the partition columns follow
/// them.
pub const EVENT_COLUMNS: [ColumnDefinition; 44] = [
    required(bloomed(column("eventid", ColumnType::Text))),
    required(column(TIME_COLUMN, ColumnType::Timestamp)),
    column("severity", ColumnType::Text),
    column("summary", ColumnType::Text),
    column("category", ColumnType::Text),
    column("source", ColumnType::Text),
    no_statistics(column("tags", ColumnType::TextList)),
    no_statistics(column("plugins", ColumnType::TextList)),
    opaque(column("details", ColumnType::Text)),
    column("class_uid", ColumnType::Integer),
    column("type_uid", ColumnType::Long),
    column("activity_id", ColumnType::Integer),
    column("severity_id", ColumnType::Integer),
    opaque(column("ocsf", ColumnType::Text)),
    no_statistics(column("observables", ColumnType::Observables)),
    no_statistics(column("ocsf_issues", ColumnType::Issues)),
    column("status_id", ColumnType::Integer),
    searched(column("metadata_uid", ColumnType::Text)),
    column("metadata_product_name", ColumnType::Text),
    column("metadata_event_code", ColumnType::Text),
    column("cloud_account_uid", ColumnType::Text),
    searched(column("device_hostname", ColumnType::Text)),
    searched(column("actor_user_name", ColumnType::Text)),
    searched(column("actor_session_uid", ColumnType::Text)),
    column("actor_process_name", ColumnType::Text),
    searched(column("user_name", ColumnType::Text)),
    searched(column("user_uid", ColumnType::Text)),
    searched(column("session_uid", ColumnType::Text)),
    searched(column("src_endpoint_ip", ColumnType::Text)),
    column("src_endpoint_port", ColumnType::Integer),
    searched(column("dst_endpoint_ip", ColumnType::Text)),
    column("dst_endpoint_port", ColumnType::Integer),
    column("process_name", ColumnType::Text),
    searched(column("process_pid", ColumnType::Long)),
    searched(column("process_uid", ColumnType::Text)),
    no_statistics(column("process_cmd_line", ColumnType::Text)),
    searched(column("file_path", ColumnType::Text)),
    searched(column("query_hostname", ColumnType::Text)),
    column("api_operation", ColumnType::Text),
    column("host", ColumnType::Text),
    column("sourcetype", ColumnType::Text),
    column("index", ColumnType::Text),
    required(column("ingested_at", ColumnType::Timestamp)),
    opaque(column("raw", ColumnType::Text)),
];

/// Attributes of OCSF that are columns of `events`, by path. A column is called as its path, with
/// `_` for `.`; what does not fit its type is in the column `ocsf` only.
pub const OCSF_COLUMNS: [&str; 27] = [
    "class_uid",
    "type_uid",
    "activity_id",
    "severity_id",
    "status_id",
    "metadata.uid",
    "metadata.product.name",
    "metadata.event_code",
    "cloud.account.uid",
    "device.hostname",
    "actor.user.name",
    "actor.session.uid",
    "actor.process.name",
    "user.name",
    "user.uid",
    "session.uid",
    "src_endpoint.ip",
    "src_endpoint.port",
    "dst_endpoint.ip",
    "dst_endpoint.port",
    "process.name",
    "process.pid",
    "process.uid",
    "process.cmd_line",
    "file.path",
    "query.hostname",
    "api.operation",
];

/// Columns of `rejects` that are stored in the data files, in order; the partition columns follow
/// them. `utctimestamp` is the time of arrival, `source` what the operator calls the source,
/// `origin` the file or address that the record came from. A record longer than the size limit is
/// kept as several rows with the same `rejectid`, numbered by `part` from 0. `replayed_at` is set
/// when the record was sent through the pipeline again and became an event.
pub const REJECT_COLUMNS: [ColumnDefinition; 13] = [
    required(bloomed(column("rejectid", ColumnType::Text))),
    required(column(TIME_COLUMN, ColumnType::Timestamp)),
    required(column("reason", ColumnType::Text)),
    required(column("stage", ColumnType::Text)),
    column("plugin", ColumnType::Text),
    column("source", ColumnType::Text),
    column("origin", ColumnType::Text),
    column("host", ColumnType::Text),
    column("sourcetype", ColumnType::Text),
    column("index", ColumnType::Text),
    required(column("part", ColumnType::Long)),
    column("replayed_at", ColumnType::Timestamp),
    opaque(column("raw", ColumnType::Bytes)),
];

/// Columns of `audit` that are stored in the data files, in order; the partition columns follow
/// them. `utctimestamp` is when it began, `tokenid` and `token` say who, `address` from where.
pub const AUDIT_COLUMNS: [ColumnDefinition; 11] = [
    required(bloomed(column("auditid", ColumnType::Text))),
    required(column(TIME_COLUMN, ColumnType::Timestamp)),
    required(column("action", ColumnType::Text)),
    column("tokenid", ColumnType::Text),
    column("token", ColumnType::Text),
    column("address", ColumnType::Text),
    opaque(column("statement", ColumnType::Text)),
    required(column("outcome", ColumnType::Text)),
    column("reason", ColumnType::Text),
    column("rows", ColumnType::Long),
    column("milliseconds", ColumnType::Long),
];

/// Columns of `observables`, which is not partitioned and sorted by `key`. A row says that `events`
/// rows of one day and source have a value; `hours` has a bit for each hour of the day (UTC, the
/// lowest is midnight). `key` is what is searched: kind, `:`, the normalised value, or that of a
/// part of it, which `part` tells (`whole` for the value itself). `type_id` is OCSF's type of the
/// observable.
pub const OBSERVABLE_COLUMNS: [ColumnDefinition; 10] = [
    required(undictionaried(column("key", ColumnType::Text))),
    required(column("part", ColumnType::Text)),
    required(column("type_id", ColumnType::Integer)),
    required(undictionaried(column("value", ColumnType::Text))),
    column("source", ColumnType::Text),
    required(column("date", ColumnType::Date)),
    required(column("hours", ColumnType::Integer)),
    required(column("first_time", ColumnType::Timestamp)),
    required(column("last_time", ColumnType::Timestamp)),
    required(column("events", ColumnType::Long)),
];

/// The partition columns of a table of Headwater's own.
#[must_use]
pub fn partition_columns_of(table: &str) -> &'static [&'static str] {
    if table == OBSERVABLES { &[] } else { &PARTITION_COLUMNS }
}

/// The stored columns of a table of Headwater's own, or `None` for any other name.
#[must_use]
pub fn columns_of(table: &str) -> Option<&'static [ColumnDefinition]> {
    match table {
        EVENTS => Some(&EVENT_COLUMNS),
        REJECTS => Some(&REJECT_COLUMNS),
        AUDIT => Some(&AUDIT_COLUMNS),
        OBSERVABLES => Some(&OBSERVABLE_COLUMNS),
        _ => None,
    }
}
