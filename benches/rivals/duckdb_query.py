"""DuckDB answers queries over the Parquet files of a Headwater table.

Reads a job as JSON from standard input, answers with JSON on standard output; see `src/rivals.rs`. One
session for all queries, file metadata cached, one run that does not count before those that do.
"""

import json
import sys
import time

import duckdb


def quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def open_table(job: dict) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(config={"threads": job["threads"]})
    connection.execute("SET timezone = 'UTC'")
    connection.execute("SET parquet_metadata_cache = true")
    listed = ", ".join(map(quoted, job["files"]))
    connection.execute(
        f"""
        CREATE VIEW events AS SELECT * FROM read_parquet(
            [{listed}], hive_partitioning = true, hive_types_autocast = false
        )
        """
    )
    return connection


def as_text(row: tuple) -> str:
    return "\x1f".join("\\N" if value is None else str(value) for value in row)


def measure(connection: duckdb.DuckDBPyConnection, timed: str, compared: str, runs: int) -> dict:
    rows = sorted(map(as_text, connection.execute(compared).fetchall()))
    connection.execute(timed).fetchall()
    seconds = []
    for _ in range(runs):
        start = time.perf_counter()
        connection.execute(timed).fetchall()
        seconds.append(time.perf_counter() - start)
    return {"seconds": seconds, "rows": rows}


def main() -> None:
    job = json.load(sys.stdin)
    connection = open_table(job)
    answers = [
        measure(connection, timed, compared, job["runs"]) for timed, compared in job["queries"]
    ]
    json.dump({"version": duckdb.__version__, "answers": answers}, sys.stdout)


if __name__ == "__main__":
    main()
