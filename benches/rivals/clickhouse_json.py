"""ClickHouse, inside of the process as chDB, answers queries on a table with a column of type JSON.

Reads a job as JSON from standard input, answers with JSON on standard output; see `src/rivals.rs`. The
table gets the rows of Parquet files and is merged to one part. One run that does not count before those that
do; settings are ClickHouse's own but for the number of threads.
"""

import json
import os
import sys
import time
from pathlib import Path

from chdb import session


def quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


class Clickhouse:
    def __init__(self, folder: str, threads: int) -> None:
        self.session = session.Session(folder)
        self.settings = f"SETTINGS max_threads = {threads}"
        self.run("CREATE DATABASE bench ENGINE = Atomic")
        self.run("USE bench")

    def run(self, sql: str) -> str:
        return str(self.session.query(sql, "JSONCompactEachRow"))

    def rows(self, sql: str) -> list[list]:
        answer = self.run(f"{sql} {self.settings}, output_format_json_quote_64bit_integers = 0")
        return [json.loads(line) for line in answer.splitlines()]

    def load(self, create: str, files: list[str], folder: Path) -> None:
        """One statement reads all files, through links in one folder: few parts have to be merged."""
        folder.mkdir()
        for number, file in enumerate(files):
            os.link(file, folder / f"{number}.parquet")
        self.run(create)
        columns = "eventid String, utctimestamp DateTime64(6, 'UTC'), source String, details String"
        self.run(
            f"""
            INSERT INTO events SELECT eventid, utctimestamp, source, details
            FROM file({quoted(f"{folder}/*.parquet")}, Parquet, {quoted(columns)})
            {self.settings}, use_hive_partitioning = 0
            """
        )
        self.run("OPTIMIZE TABLE events FINAL")


def as_text(row: list) -> str:
    return "\x1f".join("\\N" if value is None else str(value) for value in row)


def measure(clickhouse: Clickhouse, sql: str, runs: int) -> dict:
    rows = sorted(map(as_text, clickhouse.rows(sql)))
    seconds = []
    for _ in range(runs):
        start = time.perf_counter()
        clickhouse.session.query(f"{sql} {clickhouse.settings}", "JSONCompactEachRow")
        seconds.append(time.perf_counter() - start)
    return {"seconds": seconds, "rows": rows}


def main() -> None:
    job = json.load(sys.stdin)
    folder = Path(job["folder"])
    folder.mkdir()
    clickhouse = Clickhouse(str(folder / "data"), job["threads"])
    clickhouse.load(job["create"], job["files"], folder / "input")
    [[rows, size]] = clickhouse.rows(
        "SELECT sum(rows), sum(bytes_on_disk) FROM system.parts WHERE active AND table = 'events'"
    )
    answers = [measure(clickhouse, sql, job["runs"]) for sql in job["queries"]]
    [[version]] = clickhouse.rows("SELECT version()")
    clickhouse.session.close()
    answer = {"version": version, "rows": rows, "bytes": size, "answers": answers}
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main()
