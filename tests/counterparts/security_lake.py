"""Reads what `headwater export security-lake` wrote, with PyArrow and with DuckDB; prints one JSON object.

`security_lake.py FOLDER`: FOLDER holds `ext/`. `security_lake.py FOLDER ENDPOINT BUCKET PREFIX`: what lies below
the prefix in the bucket is fetched to FOLDER first.
"""
import glob
import json
import os
import sys

import duckdb
import pyarrow.parquet as parquet

folder = sys.argv[1]
if len(sys.argv) > 2:
    import boto3

    endpoint, bucket, prefix = sys.argv[2:]
    client = boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1")
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for found in page.get("Contents", []):
            path = os.path.join(folder, os.path.relpath(found["Key"], prefix))
            os.makedirs(os.path.dirname(path), exist_ok=True)
            client.download_file(bucket, found["Key"], path)

sources = {}
for path in sorted(glob.glob(f"{folder}/ext/**/*.parquet", recursive=True)):
    source, version, *place = os.path.relpath(os.path.dirname(path), f"{folder}/ext").split("/")
    file = parquet.ParquetFile(path)
    rows = file.read().to_pylist()
    one = sources.setdefault(source, {"version": version, "places": [], "rows": [], "schemas": set()})
    one["places"].append("/".join(place))
    one["schemas"].add(str(file.schema_arrow))
    one["types"] = {field.name: str(field.type) for field in file.schema_arrow}
    one["codecs"] = [file.metadata.row_group(0).column(n).compression for n in range(file.metadata.num_columns)]
    one["sorted"] = one.get("sorted", True) and [r["time"] for r in rows] == sorted(r["time"] for r in rows)
    for row in rows:
        row["unmapped"] = dict(row.get("unmapped") or [])
        row["place"] = "/".join(place)
    one["rows"] += rows

connection = duckdb.connect()
for source, one in sources.items():
    one["schemas"] = len(one["schemas"])
    files = f"{folder}/ext/{source}/**/*.parquet"
    # Every row lies in the folder of its own day.
    one["duckdb"] = connection.execute(f"""
        SELECT count(*), count(DISTINCT metadata.version), bool_and(strftime(make_timestamp(time * 1000), '%Y%m%d')
               = CAST(eventDay AS VARCHAR)), count(DISTINCT (region, CAST(accountId AS VARCHAR)))
        FROM read_parquet('{files}', hive_partitioning = true)""").fetchone()
print(json.dumps(sources, default=str))
