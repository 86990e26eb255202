//! The ten statements by JSON path, each written once: every engine gets it with its own way to
//! name a place inside `details`. The first five have the shape of those of JSONBench.

/// What fills a place: the type of the column that holds it, where one is made by hand.
#[derive(Debug)]
struct Place {
    path: &'static str,
    /// ClickHouse's type; one that knows null only where events of the asked source lack the place.
    hint: &'static str,
}

const fn place(path: &'static str, hint: &'static str) -> Place {
    Place { path, hint }
}

const FEW: &str = "LowCardinality(String)";
const FEW_OR_NONE: &str = "LowCardinality(Nullable(String))";
const MANY: &str = "String";
const NUMBER: &str = "Int64";

/// All places that the statements ask for.
const PLACES: [Place; 19] = [
    place("action", FEW),
    place("awsregion", FEW),
    place("bytes", NUMBER),
    place("dstaddr", MANY),
    place("end", NUMBER),
    place("eventname", FEW),
    place("eventtype", FEW),
    place("host_name", FEW),
    place("process_command_line", MANY),
    place("process_parent_path", FEW),
    place("process_path", FEW),
    place("responseelements.consolelogin", FEW_OR_NONE),
    place("sourceipaddress", MANY),
    place("srcaddr", MANY),
    place("start", NUMBER),
    place("user_account", FEW),
    place("useridentity.arn", MANY),
    place("useridentity.type", FEW),
    place("useridentity.username", FEW_OR_NONE),
];

/// How a statement names places.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// A call for each.
    Headwater,
    /// A call for each.
    DuckdbText,
    /// One call for all places of the statement.
    DuckdbTextAtOnce,
    /// A column for each, see [`duckdb_columns`].
    DuckdbColumns,
    /// Parts of a column `JSON` that declares nothing.
    Clickhouse,
    /// Parts of a column `JSON` that declares all places, see [`clickhouse_typed`].
    ClickhouseTyped,
}

/// A statement to measure. In its text `{a.b}` is the text of a place, `{number a.b}` its integer,
/// and `{micros x}` a time as microseconds since 1970.
#[derive(Debug)]
pub(crate) struct PathQuery {
    pub(crate) name: &'static str,
    text: String,
}

impl PathQuery {
    fn new(name: &'static str, text: &str) -> Self {
        Self { name, text: text.to_owned() }
    }

    /// The statement for one engine.
    pub(crate) fn sql(&self, dialect: Dialect) -> String {
        let mut places: Vec<&str> = Vec::new();
        let mut sql = String::new();
        let mut rest = self.text.as_str();
        while let Some((before, from)) = rest.split_once('{') {
            sql.push_str(before);
            let (inside, after) = from.split_once('}').unwrap_or((from, ""));
            rest = after;
            if let Some(time) = inside.strip_prefix("micros ") {
                sql.push_str(&dialect.micros(time));
                continue;
            }
            let (path, is_number) = match inside.strip_prefix("number ") {
                Some(path) => (path, true),
                None => (inside, false),
            };
            let known = places.iter().position(|known| *known == path);
            let number = known.unwrap_or_else(|| {
                places.push(path);
                places.len() - 1
            });
            sql.push_str(&dialect.place(path, is_number, number + 1));
        }
        sql.push_str(rest);
        if dialect == Dialect::DuckdbTextAtOnce {
            let listed: Vec<String> = places.iter().map(|path| format!("'$.{path}'")).collect();
            let all = format!(
                "FROM (SELECT *, json_extract_string(details, [{}]) AS found FROM events)",
                listed.join(", ")
            );
            return sql.replacen("FROM events", &all, 1);
        }
        sql
    }
}

impl Dialect {
    /// A place; `number` counts the places of the statement from 1.
    fn place(self, path: &str, is_number: bool, number: usize) -> String {
        let text = match self {
            Self::Headwater => format!("json_extract_scalar(details, '$.{path}')"),
            Self::DuckdbText => format!("json_extract_string(details, '$.{path}')"),
            Self::DuckdbTextAtOnce => format!("found[{number}]"),
            Self::DuckdbColumns => return format!("\"{path}\""),
            Self::Clickhouse => {
                let data_type = if is_number { NUMBER } else { MANY };
                return format!("{}.:{data_type}", part(path));
            }
            Self::ClickhouseTyped => return part(path),
        };
        if is_number { format!("CAST({text} AS BIGINT)") } else { text }
    }

    fn micros(self, time: &str) -> String {
        match self {
            Self::Headwater => format!("CAST({time} AS BIGINT)"),
            Self::DuckdbText | Self::DuckdbTextAtOnce | Self::DuckdbColumns => {
                format!("epoch_us({time})")
            }
            Self::Clickhouse | Self::ClickhouseTyped => format!("toUnixTimestamp64Micro({time})"),
        }
    }
}

/// A part of ClickHouse's column.
fn part(path: &str) -> String {
    let quoted: Vec<String> = path.split('.').map(|token| format!("`{token}`")).collect();
    format!("details.{}", quoted.join("."))
}

/// Columns of ClickHouse's tables beside `details`.
const CLICKHOUSE_COLUMNS: &str = "eventid UUID, utctimestamp DateTime64(6, 'UTC')";

/// ClickHouse's table as it comes: nothing is declared, rows are in order of time.
pub(crate) fn clickhouse_default() -> String {
    format!(
        "CREATE TABLE events ({CLICKHOUSE_COLUMNS}, source LowCardinality(String), details JSON) \
         ENGINE = MergeTree ORDER BY utctimestamp"
    )
}

/// ClickHouse's table as JSONBench makes it: all places are declared, rows are in the order of what
/// statements filter by.
pub(crate) fn clickhouse_typed() -> String {
    let hints: Vec<String> = PLACES
        .iter()
        .map(|place| format!("{} {}", part(place.path).replacen("details.", "", 1), place.hint))
        .collect();
    format!(
        "CREATE TABLE events ({CLICKHOUSE_COLUMNS}, source LowCardinality(String), \
         details JSON({}) CODEC(ZSTD(1))) ENGINE = MergeTree \
         ORDER BY (source, details.eventname, details.action, utctimestamp)",
        hints.join(", ")
    )
}

/// The columns that DuckDB gets by hand, as what is selected from the table with the text.
pub(crate) fn duckdb_columns() -> String {
    let columns: Vec<String> = PLACES
        .iter()
        .enumerate()
        .map(|(number, place)| {
            let found = format!("found[{}]", number + 1);
            let column = if place.hint == NUMBER { format!("{found}::BIGINT") } else { found };
            format!("{column} AS \"{}\"", place.path)
        })
        .collect();
    let paths: Vec<String> = PLACES.iter().map(|place| format!("'$.{}'", place.path)).collect();
    format!(
        "SELECT eventid::UUID AS eventid, utctimestamp, source, {} FROM (
            SELECT *, json_extract_string(details, [{}]) AS found FROM events
         ) ORDER BY source, utctimestamp",
        columns.join(", "),
        paths.join(", ")
    )
}

/// The ten statements; one looks for an address.
pub(crate) fn all(address: &str) -> Vec<PathQuery> {
    let mut queries = like_jsonbench();
    queries.extend(hunts(address));
    queries
}

fn like_jsonbench() -> Vec<PathQuery> {
    vec![
        PathQuery::new(
            "calls by name",
            "SELECT {eventname} AS name, count(*) AS calls
             FROM events WHERE source = 'cloudtrail' GROUP BY 1 ORDER BY 2 DESC, 1",
        ),
        PathQuery::new(
            "calls and identities by name",
            "SELECT {eventname} AS name, count(*) AS calls,
               count(DISTINCT {useridentity.arn}) AS identities
             FROM events WHERE source = 'cloudtrail' AND {eventtype} = 'AwsApiCall'
             GROUP BY 1 ORDER BY 2 DESC, 1",
        ),
        PathQuery::new(
            "sensitive calls by name and hour",
            "SELECT {eventname} AS name, EXTRACT(HOUR FROM utctimestamp) AS hour_of_day,
               count(*) AS calls
             FROM events
             WHERE source = 'cloudtrail'
               AND {eventname} IN ('CreateAccessKey', 'PutUserPolicy', 'DeleteLogGroup')
             GROUP BY 1, 2 ORDER BY 1, 2",
        ),
        PathQuery::new(
            "users by their first call",
            "SELECT {useridentity.username} AS name, {micros min(utctimestamp)} AS first_call
             FROM events WHERE source = 'cloudtrail' AND {useridentity.type} = 'IAMUser'
             GROUP BY 1 ORDER BY 2, 1 LIMIT 3",
        ),
        PathQuery::new(
            "longest activity of rejected addresses",
            "SELECT {srcaddr} AS address, max({number end}) - min({number start}) AS seconds
             FROM events WHERE source = 'vpcflow' AND {action} = 'REJECT'
             GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 3",
        ),
    ]
}

fn hunts(address: &str) -> Vec<PathQuery> {
    vec![
        PathQuery::new(
            "top addresses of failed logins",
            "SELECT {sourceipaddress} AS address, count(*) AS failures
             FROM events
             WHERE source = 'cloudtrail' AND {eventname} = 'ConsoleLogin'
               AND {responseelements.consolelogin} = 'Failure'
             GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 20",
        ),
        PathQuery::new(
            "bytes by destination",
            "SELECT {dstaddr} AS destination, sum({number bytes}) AS total
             FROM events WHERE source = 'vpcflow' GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 50",
        ),
        PathQuery::new(
            "processes by parent",
            "SELECT {process_parent_path} AS parent, {process_path} AS process, count(*) AS started
             FROM events WHERE source = 'sysmon' AND {action} = 'processcreate'
             GROUP BY 1, 2 ORDER BY 3, 1, 2",
        ),
        PathQuery::new(
            "latest encoded commands",
            "SELECT {micros utctimestamp} AS time, {host_name} AS host, {user_account} AS account,
               {process_command_line} AS command
             FROM events
             WHERE source = 'sysmon' AND {action} = 'processcreate'
               AND {process_command_line} LIKE '% -enc %'
             ORDER BY utctimestamp DESC, host, account, command LIMIT 50",
        ),
        PathQuery::new(
            "latest calls from an address",
            &format!(
                "SELECT {{micros utctimestamp}} AS time, {{eventname}} AS name,
                   {{awsregion}} AS region, {{useridentity.type}} AS identity
                 FROM events WHERE source = 'cloudtrail' AND {{sourceipaddress}} = '{address}'
                 ORDER BY utctimestamp DESC, name, region, identity LIMIT 50"
            ),
        ),
    ]
}
