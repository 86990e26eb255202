"""DuckDB turns JSON lines into Parquet files with the columns of Headwater's table `events`.

Reads a job as JSON from standard input, answers with JSON on standard output; see `src/rivals.rs`.

Settings are those that were fastest for DuckDB: lines are read as JSON objects and the four values that
become columns are taken out in one pass; rows need not stay in order; partitions are flushed early. What
Headwater does besides is not asked of DuckDB: keys stay as they are, nothing is looked up or added to
`details`, rows are not sorted, the original is the same text as `details`.
"""

import json
import resource
import sys
import time
from pathlib import Path

import duckdb

# The time of an event, by kind of event: text, text, seconds since 1970.
PATHS = ["$.eventTime", '$."@timestamp"', "$.start", "$.source"]

# The order is that of the table's columns; those without a value are null in Headwater's files, too.
COLUMNS = """
    uuidv7()::VARCHAR AS eventid,
    time::TIMESTAMPTZ AS utctimestamp,
    'INFO' AS severity,
    'UNKNOWN' AS summary,
    'UNKNOWN' AS category,
    coalesce(source, 'UNKNOWN') AS source,
    []::VARCHAR[] AS tags,
    ['normalization_lowercase_keys', 'normalization_event_shell']::VARCHAR[] AS plugins,
    line AS details,
    NULL::INTEGER AS class_uid,
    NULL::BIGINT AS type_uid,
    NULL::INTEGER AS activity_id,
    NULL::INTEGER AS severity_id,
    NULL::VARCHAR AS ocsf,
    NULL::STRUCT(type_id INTEGER, name VARCHAR, value VARCHAR)[] AS observables,
    NULL::VARCHAR AS host,
    NULL::VARCHAR AS sourcetype,
    NULL::VARCHAR AS index,
    now() AS ingested_at,
    line AS raw,
    strftime(time, '%Y') AS year,
    strftime(time, '%m') AS month,
    strftime(time, '%d') AS day,
    strftime(time, '%H') AS hour
"""


def quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def statement(files: list[str], folder: str) -> str:
    listed = ", ".join(map(quoted, files))
    paths = ", ".join(map(quoted, PATHS))
    return f"""
        COPY (
            WITH lines AS (
                SELECT json::VARCHAR AS line, json_extract_string(json, [{paths}]) AS found
                FROM read_ndjson_objects([{listed}])
            ), events AS (
                SELECT
                    line,
                    found[4] AS source,
                    coalesce(
                        found[1]::TIMESTAMP,
                        found[2]::TIMESTAMP,
                        make_timestamp(found[3]::BIGINT * 1000000)
                    ) AS time
                FROM lines
            )
            SELECT {COLUMNS} FROM events
        ) TO {quoted(folder)} (
            FORMAT parquet, PARTITION_BY (year, month, day, hour),
            COMPRESSION zstd, COMPRESSION_LEVEL 1
        )
    """


def main() -> None:
    job = json.load(sys.stdin)
    connection = duckdb.connect(
        config={
            "threads": job["threads"],
            "preserve_insertion_order": False,
            "partitioned_write_flush_threshold": 131_072,
        }
    )
    connection.execute("SET timezone = 'UTC'")
    sql = statement(job["files"], job["folder"])
    wall, cpu = time.perf_counter(), time.process_time()
    rows = connection.execute(sql).fetchone()[0]
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    written = Path(job["folder"]).rglob("*.parquet")
    answer = {
        "version": duckdb.__version__,
        "rows": rows,
        "bytes": sum(file.stat().st_size for file in written),
        "seconds": wall,
        "cpu_seconds": cpu,
        "peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    }
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main()
