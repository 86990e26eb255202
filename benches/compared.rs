//! Times and answers of the engines that are compared, and the table of them.

use std::time::Duration;

use anyhow::{Context as _, Result};
use headwater_benches::answers;
use headwater_benches::generate::Dataset;
use headwater_benches::measure::median;
use headwater_benches::report::{Report, Target};
use headwater_benches::rivals::{DuckdbAnswer, TableAnswers};

use crate::paths::PathQuery;

/// Runs of a query that count.
pub(crate) const RUNS: usize = 5;

/// Memory for a statement of Headwater's, in bytes. The rivals take most of the machine's when
/// nothing else is said.
pub(crate) const MEMORY_BYTES_MAX: usize = 8 << 30;

// What is compared.
pub(crate) const COLUMNS: &str = "Headwater, hidden columns";
pub(crate) const TEXT: &str = "Headwater, text";
pub(crate) const CLICKHOUSE: &str = "ClickHouse, as it comes";
pub(crate) const CLICKHOUSE_DECLARED: &str = "ClickHouse, declared and ordered";
pub(crate) const DUCKDB_COLUMNS: &str = "DuckDB, columns by hand";
pub(crate) const DUCKDB_TEXT: &str = "DuckDB, text";

/// Time and rows of one query.
pub(crate) struct Answered {
    pub(crate) time: Duration,
    pub(crate) rows: Vec<String>,
}

impl Answered {
    pub(crate) fn of(answer: DuckdbAnswer) -> Self {
        let seconds = answer.seconds.into_iter();
        Self { time: median(seconds.map(Duration::from_secs_f64)), rows: answer.rows }
    }
}

/// What one engine did with all queries.
pub(crate) struct Engine {
    pub(crate) name: String,
    pub(crate) version: String,
    /// Size of its table, where it has one of its own.
    pub(crate) bytes: u64,
    pub(crate) answered: Vec<Answered>,
}

impl Engine {
    pub(crate) fn of(name: &str, answers: TableAnswers) -> Self {
        let answered = answers.answers.into_iter().map(Answered::of).collect();
        Self { name: name.to_owned(), version: answers.version, bytes: answers.bytes, answered }
    }

    /// How many times the other's time this one's is: the geometric mean over the queries.
    fn against(&self, other: &Self) -> f64 {
        let both = self.answered.iter().zip(&other.answered);
        let logarithms: Vec<f64> = both
            .map(|(ours, theirs)| (theirs.time.as_secs_f64() / ours.time.as_secs_f64()).ln())
            .collect();
        (logarithms.iter().sum::<f64>() / logarithms.len().max(1) as f64).exp()
    }
}

/// What all engines did, Headwater with hidden columns first.
pub(crate) struct Measured {
    pub(crate) engines: Vec<Engine>,
    pub(crate) files: usize,
}

impl Measured {
    pub(crate) fn engine(&self, name: &str) -> Option<&Engine> {
        self.engines.iter().find(|engine| engine.name == name)
    }

    pub(crate) fn describe(
        &self,
        queries: &[PathQuery],
        dataset: &Dataset,
        threads: usize,
        report: &mut Report,
    ) -> Result<()> {
        let columns = self.engine(COLUMNS).context("hidden columns were not measured")?;
        for engine in &self.engines {
            for ((query, ours), theirs) in
                queries.iter().zip(&columns.answered).zip(&engine.answered)
            {
                answers::same(
                    &format!("{}, {}", query.name, engine.name),
                    &ours.rows,
                    &theirs.rows,
                )?;
            }
        }
        report.paragraph(format_args!(
            "{} events, compacted to {} files; page cache warm, {threads} threads, middle of \
             {RUNS} runs after one that warms up, times in milliseconds; Headwater may use {} \
             GiB for a statement. The queries had been asked once before `optimize`, so it knew \
             their places. The answers of all are equal, row by row. Bold: faster than Headwater \
             with hidden columns.",
            dataset.events,
            self.files,
            MEMORY_BYTES_MAX >> 30,
        ));
        if let Some(clickhouse) = self.engine(CLICKHOUSE) {
            report.paragraph(format_args!(
                "ClickHouse {} (chDB) has a table MergeTree with a column `JSON`, merged to one \
                 part, with ClickHouse's own settings (its cache of query conditions is on): \
                 once as it comes, `ORDER BY utctimestamp`, and once with a type for each place, \
                 ZSTD and `ORDER BY (source, details.eventname, details.action, utctimestamp)`.",
                clickhouse.version,
            ));
        }
        if let Some(duckdb) = self.engine(DUCKDB_COLUMNS) {
            report.paragraph(format_args!(
                "DuckDB {} has a table of its own with a typed column for each place, without \
                 the text, sorted by source and time. Where it reads the text in Headwater's \
                 files, it is asked with a call for each place and with one call for all, of \
                 which the faster counts.",
                duckdb.version,
            ));
        }
        self.table(queries, columns, report);
        let mut lines = Vec::new();
        for (ours, what, rival, target) in [
            (COLUMNS, "hidden columns", CLICKHOUSE, 1.0),
            (COLUMNS, "hidden columns", CLICKHOUSE_DECLARED, 1.0),
            (COLUMNS, "hidden columns", DUCKDB_COLUMNS, 1.0),
            (COLUMNS, "hidden columns", DUCKDB_TEXT, 10.0),
            (TEXT, "text", DUCKDB_TEXT, 1.5),
        ] {
            let (Some(ours), Some(theirs)) = (self.engine(ours), self.engine(rival)) else {
                continue;
            };
            let ratio = report.ratio(ours.against(theirs), Target::AtLeast(target));
            lines.push(vec![format!("{what}: {rival}"), ratio, format!("≥ {target}")]);
        }
        report.table(&["time of the rival / Headwater's, geometric mean", "", "target"], &lines);
        Ok(())
    }

    fn table(&self, queries: &[PathQuery], columns: &Engine, report: &mut Report) {
        let mut lines = Vec::new();
        for (number, (query, ours)) in queries.iter().zip(&columns.answered).enumerate() {
            let mut line = vec![query.name.to_owned(), ours.rows.len().to_string()];
            for engine in &self.engines {
                let time = engine.answered.get(number).map_or(Duration::ZERO, |other| other.time);
                let written = format!("{:.1}", time.as_secs_f64() * 1e3);
                let is_faster = time < ours.time;
                line.push(if is_faster { format!("**{written}**") } else { written });
            }
            lines.push(line);
        }
        let mut header = vec!["query", "rows compared"];
        header.extend(self.engines.iter().map(|engine| engine.name.as_str()));
        report.table(&header, &lines);
    }
}
