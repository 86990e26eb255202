"""Columns and rows of data files as readers of plain Parquet see them; prints one JSON object.

`columns.py FILE...`
"""
import json
import sys

import duckdb
import pyarrow.parquet as parquet

connection = duckdb.connect()
found = []
for path in sys.argv[1:]:
    file = parquet.ParquetFile(path)
    table = file.read()
    rows = connection.execute(
        "SELECT count(*), sum(length(details)) FROM read_parquet(?, hive_partitioning = false)", [path]
    ).fetchone()
    described = connection.execute(
        "DESCRIBE SELECT * FROM read_parquet(?, hive_partitioning = false)", [path]
    ).fetchall()
    found.append({
        "pyarrow": table.column_names,
        "duckdb": [column[0] for column in described],
        "keys": sorted(key.decode() for key in file.metadata.metadata),
        "rows": {
            "pyarrow": [table.num_rows, sum(len(text) for text in table["details"].to_pylist())],
            "duckdb": [int(number) for number in rows],
        },
    })
print(json.dumps(found))
