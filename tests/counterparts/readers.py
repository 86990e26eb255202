"""The table of events as other programs read it: its columns, and what tells whether all read the same rows.

`readers.py LAKE JARS`: JARS is the folder with Apache Spark and Delta Lake. Readers named `... delta`, and
deltalake, open the Delta table. Those named `... parquet` read every data file below its folder, which must be
vacuumed, as files that lie anywhere: `year=2024` in a path is no column. Prints one JSON object: by reader its
columns in order, and FACTS.
"""
import json
import os
import sys

import chdb
import duckdb
import duckdb_ext
import polars
import pyarrow.compute as compute
from deltalake import DeltaTable
from py4j.java_gateway import GatewayParameters, JavaGateway, launch_gateway

lake, jars = map(os.path.abspath, sys.argv[1:])
# ClickHouse opens Delta tables below the working folder alone.
os.chdir(lake)
table = f"{lake}/events"
files = f"{table}/*/*/*/*/*.parquet"

FACTS = "rows ids first_id last_id first_time last_time bytes_of_details observables".split()
# Engines differ in what they call the microseconds of a time, the bytes of a text and the entries of a list.
SQL = ("SELECT count(*), count(DISTINCT eventid), min(eventid), max(eventid), {micros}(min(utctimestamp)), "
       "{micros}(max(utctimestamp)), sum({bytes}(details)), sum({entries}(observables)) FROM {source}")

SPARK_SETTINGS = {
    "spark.ui.enabled": "false",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
    "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
    # Made for large tables: 50 and 200 tasks where one does.
    "spark.databricks.delta.snapshotPartitions": "1",
    "spark.sql.shuffle.partitions": "1",
}


def seen(columns, facts):
    """What one reader saw."""
    facts = [fact if isinstance(fact, str) else int(fact) for fact in facts]
    return {"columns": list(columns), "facts": dict(zip(FACTS, facts, strict=True))}


def with_deltalake():
    """The package deltalake reads, PyArrow counts."""
    rows = DeltaTable(table).to_pyarrow_table()
    ids, times, details = rows["eventid"], compute.min_max(rows["utctimestamp"]), rows["details"]
    return seen(rows.column_names, [
        rows.num_rows, compute.count_distinct(ids).as_py(), compute.min(ids).as_py(), compute.max(ids).as_py(),
        times["min"].value, times["max"].value, compute.sum(compute.binary_length(details)).as_py(),
        compute.sum(compute.list_value_length(rows["observables"])).as_py()])


def with_duckdb(source):
    """DuckDB and its own extension for Delta."""
    connection = duckdb.connect()
    duckdb_ext.init(connection)
    connection.execute("LOAD delta")
    columns = connection.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()
    sql = SQL.format(source=source, micros="epoch_us", bytes="strlen", entries="len")
    return seen((column[0] for column in columns), connection.execute(sql).fetchone())


def with_polars(rows):
    """Polars, which leaves the log to the package deltalake and reads the files itself."""
    ids, time = polars.col("eventid"), polars.col("utctimestamp")
    lengths = polars.col("details").str.len_bytes(), polars.col("observables").list.len()
    facts = [polars.len(), ids.n_unique(), ids.min(), ids.max(), time.min().dt.epoch("us"),
             time.max().dt.epoch("us"), *(length.cast(polars.Int64).sum() for length in lengths)]
    facts = rows.select(fact.alias(name) for name, fact in zip(FACTS, facts, strict=True))
    return seen(rows.collect_schema().names(), facts.collect().row(0))


def with_clickhouse(source):
    """ClickHouse, inside of this process as chDB."""
    def rows(sql):
        settings = ("SETTINGS output_format_json_quote_64bit_integers = 0, use_hive_partitioning = 0, "
                    "schema_inference_mode = 'union'")
        answer = str(chdb.query(f"{sql} {settings}", "JSONCompactEachRow"))
        return [json.loads(line) for line in answer.splitlines()]

    sql = SQL.format(source=source, micros="toUnixTimestamp64Micro", bytes="length", entries="length")
    return seen((column[0] for column in rows(f"DESCRIBE TABLE {source}")), rows(sql)[0])


def start_spark():
    """A session of Spark in a Java process, which ends with this one."""
    # It lives for seconds: what takes long to compile does not pay.
    options = ["-Xmx1g", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"]
    [bridge] = [name for name in os.listdir(jars) if name.startswith("py4j-")]
    port, token = launch_gateway(
        classpath=f"{jars}/*", jarpath=f"{jars}/{bridge}", javaopts=options, enable_auth=True,
        die_on_exit=True, redirect_stderr=sys.stderr)
    java = JavaGateway(gateway_parameters=GatewayParameters(port=port, auth_token=token)).jvm
    session = java.org.apache.spark.sql.SparkSession.builder().master("local[1]")
    for setting, value in SPARK_SETTINGS.items():
        session = session.config(setting, value)
    return session.getOrCreate()


def with_spark(session, rows):
    """Spark and its reader that made these rows."""
    rows.createOrReplaceTempView("rows")
    sql = SQL.format(source="rows", micros="unix_micros", bytes="octet_length", entries="size")
    facts = session.sql(sql).first()
    return seen(rows.columns(), [facts.get(place) for place in range(len(FACTS))])


spark = start_spark()
print(json.dumps({
    "deltalake": with_deltalake(),
    "duckdb delta": with_duckdb(f"delta_scan('{table}')"),
    "duckdb parquet": with_duckdb(
        f"read_parquet('{files}', union_by_name = true, hive_partitioning = false)"),
    "polars delta": with_polars(polars.scan_delta(table)),
    "polars parquet": with_polars(polars.scan_parquet(files, hive_partitioning=False)),
    "clickhouse delta": with_clickhouse(f"deltaLakeLocal('{table}')"),
    "clickhouse parquet": with_clickhouse(f"file('{files}', Parquet)"),
    "spark delta": with_spark(spark, spark.read().format("delta").load(table)),
    "spark parquet": with_spark(spark, spark.read().option("mergeSchema", "true").parquet(files)),
}), flush=True)
# The readers' threads can abort the interpreter while it shuts down; the answer is out.
os._exit(0)
