//! The statements that are measured. DuckDB gets the same ones with its own names of the JSON
//! functions; where its idiom differs, with that.

/// A statement to measure.
#[derive(Debug)]
pub(crate) struct Query {
    pub(crate) name: &'static str,
    pub(crate) sql: String,
    /// Whether few partitions or files can answer it.
    pub(crate) pruned: bool,
    /// How often DuckDB's time it has to be faster.
    pub(crate) ratio_min: f64,
    /// A statement without `LIMIT` for the comparison of rows, where any rows are a right answer.
    compared: Option<String>,
    /// DuckDB's idiom for a part of the statement.
    idiom: Option<(String, String)>,
}

impl Query {
    fn new(name: &'static str, sql: &str) -> Self {
        Self {
            name,
            sql: sql.to_owned(),
            pruned: false,
            ratio_min: 1.0,
            compared: None,
            idiom: None,
        }
    }

    fn pruned(mut self) -> Self {
        self.pruned = true;
        self
    }

    /// The statement whose rows are compared.
    pub(crate) fn compared(&self) -> &str {
        self.compared.as_deref().unwrap_or(&self.sql)
    }

    /// Both statements for DuckDB.
    pub(crate) fn for_duckdb(&self) -> (String, String) {
        let translate = |sql: &str| {
            let mut sql = sql
                .replace("json_extract_scalar(", "json_extract_string(")
                .replace(r#""defenda_data_lake"."events""#, "events");
            if let Some((ours, theirs)) = &self.idiom {
                sql = sql.replace(ours, theirs);
            }
            sql
        };
        (translate(&self.sql), translate(self.compared()))
    }
}

/// The two samples, the hunts and the pruned queries.
pub(crate) fn all(address: &str) -> Vec<Query> {
    let mut queries = samples(address);
    queries.push(indicator(address));
    queries.extend(hunts());
    queries.extend(by_time());
    queries
}

fn samples(address: &str) -> Vec<Query> {
    let logins = r#"
        FROM "defenda_data_lake"."events"
        WHERE source = 'cloudtrail' AND json_extract_scalar(details, '$.eventname') = 'ConsoleLogin'
          AND ((year = '2026' AND month = '03' AND day = '01' AND hour = '09')
            OR (year = '2026' AND month = '03' AND day = '01' AND hour = '10'))"#;
    let columns = "eventid, severity, summary, category, source, details, hour";
    let mut first = Query::new(
        "sample 1: console logins of two hours",
        &format!("SELECT {columns} {logins} LIMIT 100"),
    )
    .pruned();
    first.compared = Some(format!("SELECT {columns} {logins}"));
    let contains =
        format!("json_array_contains(json_extract(details, '$._ipaddresses'), '{address}')");
    let mut second = Query::new(
        "sample 2: events with an address",
        &format!(
            r#"SELECT eventid, source, details FROM "defenda_data_lake"."events" WHERE {contains}"#
        ),
    );
    let theirs =
        format!("list_contains(json_extract_string(details, '$._ipaddresses[*]'), '{address}')");
    second.idiom = Some((contains, theirs));
    vec![first, second]
}

/// One address, wherever an event has it: DuckDB has the text of the OCSF object for that.
fn indicator(address: &str) -> Query {
    let lookup = format!("ocsf.observables WHERE value = '{address}'");
    let mut query = Query::new(
        "observables: events with an address anywhere",
        &format!("SELECT DISTINCT eventid, class_uid FROM {lookup}"),
    );
    let theirs = format!("events WHERE contains(ocsf, '\"value\":\"{address}\"')");
    query.idiom = Some((lookup, theirs));
    query.ratio_min = 5.0;
    query
}

fn hunts() -> Vec<Query> {
    vec![
        Query::new(
            "top addresses of failed logins",
            "SELECT json_extract_scalar(details, '$.sourceipaddress') AS address, count(*) AS failures
             FROM events
             WHERE source = 'cloudtrail'
               AND json_extract_scalar(details, '$.eventname') = 'ConsoleLogin'
               AND json_extract_scalar(details, '$.responseelements.consolelogin') = 'Failure'
             GROUP BY 1 ORDER BY failures DESC, address LIMIT 20",
        ),
        Query::new(
            "calls by name and hour",
            "SELECT hour, json_extract_scalar(details, '$.eventname') AS name, count(*) AS calls
             FROM events WHERE source = 'cloudtrail' GROUP BY 1, 2 ORDER BY 1, 2",
        ),
        Query::new(
            "distinct users by account",
            "SELECT json_extract_scalar(details, '$.recipientaccountid') AS account,
               count(DISTINCT coalesce(
                 json_extract_scalar(details, '$.useridentity.username'),
                 json_extract_scalar(
                   details, '$.useridentity.sessioncontext.sessionissuer.username')
               )) AS users
             FROM events WHERE source = 'cloudtrail' GROUP BY 1 ORDER BY 2 DESC, 1",
        ),
        Query::new(
            "processes by parent",
            "SELECT json_extract_scalar(details, '$.process_parent_path') AS parent,
               json_extract_scalar(details, '$.process_path') AS process, count(*) AS started
             FROM events
             WHERE source = 'sysmon' AND json_extract_scalar(details, '$.action') = 'processcreate'
             GROUP BY 1, 2 ORDER BY started, parent, process",
        ),
        Query::new(
            "bytes by destination",
            "SELECT json_extract_scalar(details, '$.dstaddr') AS destination,
               sum(CAST(json_extract_scalar(details, '$.bytes') AS BIGINT)) AS bytes
             FROM events WHERE source = 'vpcflow'
             GROUP BY 1 ORDER BY bytes DESC, destination LIMIT 50",
        ),
        Query::new(
            "rare user agents",
            "SELECT json_extract_scalar(details, '$.useragent') AS agent, count(*) AS calls
             FROM events WHERE source = 'cloudtrail'
             GROUP BY 1 HAVING count(*) < 1000 ORDER BY calls, agent",
        ),
    ]
}

fn by_time() -> Vec<Query> {
    let mut minutes = Query::new(
        "users in ten minutes",
        "SELECT json_extract_scalar(details, '$.useridentity.username') AS name, count(*) AS calls
         FROM events
         WHERE utctimestamp >= TIMESTAMP '2026-03-01 09:10:00'
           AND utctimestamp < TIMESTAMP '2026-03-01 09:20:00' AND source = 'cloudtrail'
         GROUP BY 1 ORDER BY calls DESC, name LIMIT 20",
    )
    .pruned();
    minutes.idiom = Some(("TIMESTAMP '".to_owned(), "TIMESTAMPTZ '".to_owned()));
    let hour = Query::new(
        "events of one hour by source",
        "SELECT source, count(*) AS events FROM events
         WHERE year = '2026' AND month = '03' AND day = '01' AND hour = '05'
         GROUP BY 1 ORDER BY 1",
    )
    .pruned();
    vec![minutes, hour]
}
