//! Documents and questions about them, the same in every run.

use std::fmt::Write as _;

use proptest::strategy::{Strategy, ValueTree as _};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

/// Names of members; some mean elements too, some need quotes or escapes.
const KEYS: [&str; 9] = ["a", "b", "number", "flag", "0", "mixed", "te xt", "é", "q\"/~"];

/// Values; of each key mostly those of one kind.
const VALUES: [&[&str]; 6] = [
    &["1", "2", "10", "-3", "443", "9007199254740993", "0"],
    &["\"x\"", "\"y\"", "\"\"", "\"kim\"", "\"CN=é, 😀\"", "\"a\\\"b\\\\c\"", "\"\\u0041\\ud83d\""],
    &["\"1\"", "\"22\"", "\"443\"", "\"-7\""],
    &["true", "false"],
    &["1.50", "1e3", "-0", "0.1", "12345678901234567890", "1E400"],
    &["null", "{}", "[]", "[1,\"x\"]", "\"2026-03-01T09:00:00Z\"", "\"01\"", "\" 1\""],
];

pub(super) struct Generator {
    runner: TestRunner,
    /// Questions asked so far: expressions and conditions.
    pub(super) questions: usize,
}

impl Generator {
    /// The same sequence in every run.
    pub(super) fn new(seed: u8) -> Self {
        let seed = TestRng::from_seed(RngAlgorithm::ChaCha, &[seed; 32]);
        Self { runner: TestRunner::new_with_rng(Config::default(), seed), questions: 0 }
    }

    fn below(&mut self, end: usize) -> usize {
        (0..end).new_tree(&mut self.runner).unwrap().current()
    }

    fn pick<'t, T: ?Sized>(&mut self, from: &[&'t T]) -> &'t T {
        from[self.below(from.len())]
    }

    fn value(&mut self, key: usize) -> &'static str {
        // One value in eight is of another kind.
        let kind = if self.below(8) == 0 { self.below(VALUES.len()) } else { key % VALUES.len() };
        self.pick(VALUES[kind])
    }

    fn object(&mut self, depth: usize) -> String {
        let mut members = Vec::new();
        for _ in 0..=self.below(6) {
            let key = self.below(KEYS.len());
            let value = match (depth, self.below(5)) {
                (1.., 0) => self.object(depth - 1),
                (1.., 1) => format!("[{},{}]", self.value(key), self.object(depth - 1)),
                _ => self.value(key).to_owned(),
            };
            members.push(format!("{}: {value}", serde_json::to_string(KEYS[key]).unwrap()));
        }
        format!("{{{}}}", members.join(","))
    }

    /// A document; a few are no JSON, or only half of it.
    pub(super) fn document(&mut self) -> Option<String> {
        let object = self.object(2);
        match self.below(40) {
            0 => None,
            1 => object.get(..object.len() / 2).map(str::to_owned),
            2 => Some("[1,{\"a\":2}]".to_owned()),
            _ => Some(object),
        }
    }

    /// A path of SQL's standard, which spells quotes in another way.
    fn standard_path(&mut self) -> String {
        format!("lax {}", self.path().replace("q\\\"/~", "b"))
    }

    fn path(&mut self) -> String {
        let mut path = String::from("$");
        for _ in 0..=self.below(3).min(self.below(3)) {
            let key = self.pick(&KEYS).replace('\\', "\\\\").replace('"', "\\\"");
            let _infallible = write!(path, "[\"{key}\"]");
        }
        path
    }

    /// A column of documents; between the signs stands what may be replaced.
    fn documents(&mut self) -> &'static str {
        self.pick(&["@details@", "@details@", "@details@", "@ocsf@"])
    }

    fn scalar(&mut self) -> String {
        self.questions += 1;
        let document = self.documents();
        match self.below(4) {
            0 => self.arrows(document, "->>"),
            _ => format!("json_extract_scalar({document}, '{}')", self.path()),
        }
    }

    /// A chain of operators that ends with this one.
    fn arrows(&mut self, document: &str, last: &str) -> String {
        let mut chain = document.to_owned();
        for _ in 0..self.below(3) {
            let step = self.step();
            let _infallible = write!(chain, "->{step}");
        }
        format!("{chain}{last}{}", self.step())
    }

    fn step(&mut self) -> String {
        match self.below(6) {
            0 => self.below(2).to_string(),
            1 => "-1".to_owned(),
            _ => format!("'{}'", self.pick(&KEYS)),
        }
    }

    /// Something else that is asked of documents, as text.
    fn other(&mut self) -> String {
        self.questions += 1;
        let (document, path) = (self.documents(), self.path());
        match self.below(7) {
            0 => format!("json_extract({document}, '{path}')"),
            1 => self.arrows(document, "->"),
            2 => format!("CAST(json_size({document}, '{path}') AS VARCHAR)"),
            3 => format!("json_value({document}, '{}')", self.standard_path()),
            4 => format!("json_query({document}, '{}')", self.standard_path()),
            5 => format!("json_extract_scalar({document}, '$..{}')", self.pick(&["a", "b"])),
            _ => format!("TRY(CAST(json_extract({document}, '{path}') AS VARCHAR))"),
        }
    }

    /// The text of a scalar, quoted for SQL.
    fn literal(&mut self) -> String {
        let key = self.below(KEYS.len());
        let json = self.value(key);
        let text: String = serde_json::from_str(json).unwrap_or_else(|_| json.to_owned());
        format!("'{}'", text.replace('\'', "''"))
    }

    fn typed(&mut self) -> String {
        let scalar = self.scalar();
        let target = self.pick(&["BIGINT", "INTEGER", "DOUBLE", "BOOLEAN", "TIMESTAMP", "VARCHAR"]);
        format!("TRY_CAST({scalar} AS {target})")
    }

    fn condition(&mut self) -> String {
        let (scalar, literal) = (self.scalar(), self.literal());
        match self.below(20) {
            0 | 1 => format!("{scalar} = {literal}"),
            2 => format!("{scalar} <> {literal}"),
            3 => format!("{literal} = {scalar}"),
            4 => format!("{scalar} IN ({literal}, {}, '443')", self.literal()),
            5 => format!("{scalar} NOT IN ('1', '2', '10')"),
            6 => format!("{scalar} IS NULL"),
            7 => format!("{scalar} IS NOT NULL"),
            8 => format!("{scalar} > {literal}"),
            9 => format!("{scalar} BETWEEN '1' AND {literal}"),
            10 => format!("{scalar} LIKE '%{}%'", self.pick(&["1", "x", "e", "4"])),
            11 => format!("TRY_CAST({scalar} AS BIGINT) > {}", self.below(12)),
            12 => format!("TRY_CAST({scalar} AS DOUBLE) <= {}.5", self.below(12)),
            13 => format!("{} = {literal}", self.other()),
            14 => format!("{} IS NULL", self.other()),
            15 => format!("json_exists({}, '{}')", self.documents(), self.standard_path()),
            16 | 17 => format!(
                "json_array_contains(json_extract({}, '{}'), {})",
                self.documents(),
                self.path(),
                self.pick(&["'x'", "'kim'", "'A'", "1", "443", "true"])
            ),
            18 => format!("json_array_length({}) > 1", self.arrows("@details@", "->")),
            _ => format!("TRY_CAST({scalar} AS INTEGER) = {}", self.pick(&["1", "443", "22"])),
        }
    }

    fn conditions(&mut self) -> String {
        match self.below(4) {
            0 => format!("{} AND {}", self.condition(), self.condition()),
            1 => format!("({} OR {})", self.condition(), self.condition()),
            2 => format!("NOT ({})", self.condition()),
            _ => self.condition(),
        }
    }

    pub(super) fn query(&mut self) -> String {
        let (first, second) = (self.scalar(), self.scalar());
        let filter = self.conditions();
        match self.below(11) {
            0 => {
                format!("SELECT eventid, {first} AS x FROM events WHERE {filter} ORDER BY eventid")
            }
            1 => format!(
                "SELECT count(*) AS n, count({first}) AS m, min({first}) AS least, \
                 max({}) AS most, count(DISTINCT {second}) AS d FROM events WHERE {filter}",
                self.typed()
            ),
            2 => format!(
                "SELECT {first} AS x, {second} AS y, count(*) AS n FROM events \
                 WHERE {filter} GROUP BY 1, 2 ORDER BY 1, 2, 3"
            ),
            3 => format!(
                "SELECT eventid, {first} AS x FROM events \
                 ORDER BY {first} DESC NULLS LAST, eventid LIMIT 9"
            ),
            4 => format!(
                "SELECT count(*) AS n, min(l.eventid) AS first FROM events l JOIN events r \
                 ON json_extract_scalar(@l.details@, '{0}') = \
                 json_extract_scalar(@r.details@, '{0}') \
                 WHERE l.{filter_of}",
                self.path(),
                filter_of = "source = 'even'"
            ),
            5 => format!(
                "SELECT eventid, coalesce({first}, {second}) AS x, \
                 CASE WHEN {filter} THEN {} ELSE NULL END AS y FROM events ORDER BY eventid",
                self.typed()
            ),
            6 => format!(
                "SELECT {} AS x, {} AS y, @details@ AS d FROM events WHERE {filter} \
                 ORDER BY eventid LIMIT 20",
                self.typed(),
                self.typed()
            ),
            7..=9 => self.wide(&filter),
            _ => format!(
                "SELECT source, sum(TRY_CAST({first} AS BIGINT)) AS s FROM events \
                 WHERE {filter} GROUP BY 1 HAVING count(*) > 3 ORDER BY 1"
            ),
        }
    }

    /// Many questions in one statement.
    fn wide(&mut self, filter: &str) -> String {
        if self.below(3) == 0 {
            return format!(
                "SELECT eventid, {} AS a, {} AS b, {} AS c, {} AS d, {} AS e FROM events \
                 WHERE {filter} ORDER BY eventid",
                self.other(),
                self.other(),
                self.scalar(),
                self.typed(),
                self.other()
            );
        }
        format!(
            "SELECT count(*) FILTER (WHERE {}) AS a, count(*) FILTER (WHERE {}) AS b, \
                 count(*) FILTER (WHERE {}) AS c, count(*) FILTER (WHERE {}) AS d, \
                 count(*) FILTER (WHERE {}) AS e FROM events WHERE {filter}",
            self.condition(),
            self.condition(),
            self.condition(),
            self.condition(),
            self.condition()
        )
    }
}
