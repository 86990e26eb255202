"""DuckDB answers queries on a table of its own whose columns were taken out of the JSON text by hand.

Reads a job as JSON from standard input, answers with JSON on standard output; see `src/rivals.rs`. The
table lies in a file of DuckDB's and is sorted; making it is not part of what is measured.
"""

import json
import sys
from pathlib import Path

import duckdb
from duckdb_query import measure, quoted


def open_table(job: dict) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(job["database"], config={"threads": job["threads"]})
    connection.execute("SET timezone = 'UTC'")
    listed = ", ".join(map(quoted, job["files"]))
    connection.execute(f"CREATE TEMP VIEW events AS SELECT * FROM read_parquet([{listed}])")
    connection.execute(f"CREATE TABLE extracted AS {job['columns']}")
    connection.execute("DROP VIEW events")
    connection.execute("ALTER TABLE extracted RENAME TO events")
    connection.execute("CHECKPOINT")
    return connection


def main() -> None:
    job = json.load(sys.stdin)
    connection = open_table(job)
    answers = [measure(connection, sql, sql, job["runs"]) for sql in job["queries"]]
    size = Path(job["database"]).stat().st_size
    json.dump({"version": duckdb.__version__, "bytes": size, "answers": answers}, sys.stdout)


if __name__ == "__main__":
    main()
