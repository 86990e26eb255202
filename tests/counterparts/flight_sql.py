"""Asks through ADBC: flight_sql.py {ask|calls|refusals|stream|cut|leave|login|tls} HOST:PORT TOKEN [MORE]."""

import datetime
import sys

import adbc_driver_flightsql.dbapi as flight_sql
import pyarrow as pa
import pyarrow.flight
from adbc_driver_flightsql import DatabaseOptions
from adbc_driver_manager import Error

what, address, token, *more = sys.argv[1:]


def connect(token=token, **options):
    header = {DatabaseOptions.AUTHORIZATION_HEADER.value: f"Bearer {token}"}
    return flight_sql.connect(f"grpc://{address}", db_kwargs=header | options, autocommit=True)


def refused(name, text, ask):
    try:
        ask()
    except Error as error:
        message = str(error)
        assert name in message and text in message, f"{name}, {text}: {message}"
    else:
        raise AssertionError(f"{name} was expected: {text}")


def values():
    """One value of every type that comes back as it was sent."""
    time = datetime.datetime(2024, 3, 1, 12, 30, 0, 123456, tzinfo=datetime.timezone.utc)
    return pa.record_batch({
        "text": pa.array(["Grüße", None, ""]),
        "whole": pa.array([1, None, -(2**63)], pa.int64()),
        "real": pa.array([0.5, None, -1e300], pa.float64()),
        "truth": pa.array([True, None, False]),
        "time": pa.array([time, None, time], pa.timestamp("us", "UTC")),
        "bytes": pa.array([b"\x00\xff", None, b""], pa.binary()),
        "day": pa.array([time.date(), None, time.date()], pa.date32()),
    })


def ask():
    with connect() as connection, connection.cursor() as cursor:
        # What was accepted a moment ago, through a parameter.
        cursor.execute("SELECT host, json_extract_scalar(details, '$.n') AS n FROM events "
                       "WHERE source = ? AND json_extract_scalar(details, '$.n') = ?",
                       ("flight", "2"))
        assert cursor.fetchall() == [("web-1", "2")]
        cursor.execute("SELECT count(*) AS events FROM defenda_data_lake.events WHERE host = $1",
                       ("web-1",))
        assert cursor.fetchone() == (2,)
        # A value is a value, whatever it looks like.
        cursor.execute("SELECT count(*) FROM events WHERE source = ?", ("x' OR '1' = '1",))
        assert cursor.fetchone() == (0,)

        bound = values()
        columns = ", ".join(f"? AS {name}" for name in bound.schema.names)
        cursor.execute(f"SELECT {columns} -- ?", bound)
        answer = cursor.fetch_arrow_table()
        assert answer.schema == bound.schema, answer.schema
        assert answer.to_pylist() == bound.to_pylist()
        cursor.execute("SELECT 2 * $1 + $2 AS sum", pa.record_batch(
            {"a": pa.array([1, 2, 3]), "b": pa.array([10, 20, 30])}))
        assert cursor.fetchall() == [(12,), (24,), (36,)]
        cursor.execute("SELECT NULL AS nothing, [1, 2] AS list, named_struct('a', 'b') AS pair")
        assert cursor.fetchone() == (None, [1, 2], {"a": "b"})
        cursor.execute("SELECT * FROM events LIMIT 0")
        assert cursor.fetchall() == []
        for sql in ["EXPLAIN SELECT count(*) FROM events", "EXPLAIN ANALYZE SELECT * FROM events",
                    "SHOW TABLES", "DESCRIBE events", "VALUES (1, 'a')"]:
            assert cursor.execute(sql).fetchall(), sql

        assert cursor.adbc_prepare("SELECT host FROM events WHERE year = ?").field(0).type == pa.string()
    with connect() as connection:
        objects = connection.adbc_get_objects(depth="columns").read_all().to_pylist()
        schemas = {schema["db_schema_name"]: schema["db_schema_tables"]
                   for schema in objects[0]["catalog_db_schemas"]}
        assert objects[0]["catalog_name"] == "lake" and len(objects) == 1, objects
        assert {"public", "defenda_data_lake"} <= schemas.keys(), schemas.keys()
        tables = {table["table_name"]: table for table in schemas["public"]}
        assert tables.keys() == {"audit", "events", "observables", "rejects"}, tables.keys()
        # What HEC got is of no class that a mapping knows.
        views = {table["table_name"]: table for table in schemas["ocsf"]}
        assert views.keys() == {"base_event", "observables"}, views.keys()
        columns = [column["column_name"] for column in views["base_event"]["table_columns"]]
        assert columns[:2] == ["time", "eventid"] and "class_name" in columns, columns
        cursor = connection.cursor()
        cursor.execute("SELECT count(*) FROM ocsf.base_event WHERE host = 'web-1'")
        assert cursor.fetchone() == (2,)
        cursor.close()
        columns = {column["column_name"] for column in tables["events"]["table_columns"]}
        assert {"eventid", "utctimestamp", "details"} <= columns, columns
        assert connection.adbc_get_table_types() == ["TABLE", "VIEW"]
        schema = connection.adbc_get_table_schema("events", db_schema_filter="public")
        assert schema.field("details").type == pa.string(), schema
        assert connection.adbc_get_info()["vendor_name"] == "Headwater"
        only = connection.adbc_get_objects(depth="tables", table_name_filter="rej%").read_all()
        assert "events" not in str(only.to_pylist())


def calls():
    """Calls that ADBC does not make, through Arrow's client in C++."""

    def field(number, value):
        assert len(value) < 128
        return bytes([number << 3 | 2, len(value)]) + value

    def command(name, value=b""):
        url = f"type.googleapis.com/arrow.flight.protocol.sql.{name}".encode()
        return field(1, url) + field(2, value)

    client = pa.flight.FlightClient(f"grpc://{address}")
    options = pa.flight.FlightCallOptions(headers=[client.authenticate_basic_token("any", token)])

    def table(name, value=b""):
        descriptor = pa.flight.FlightDescriptor.for_command(command(name, value))
        info = client.get_flight_info(descriptor, options)
        table = client.do_get(info.endpoints[0].ticket, options).read_all()
        assert table.schema == info.schema, (name, table.schema, info.schema)
        return info, table

    _, types = table("CommandGetXdbcTypeInfo")
    assert {"VARCHAR", "BIGINT", "TIMESTAMP"} <= set(types["type_name"].to_pylist()), types
    _, facts = table("CommandGetSqlInfo")
    assert facts.num_rows > 80, facts
    for keys in ["PrimaryKeys", "ExportedKeys", "ImportedKeys"]:
        assert table(f"CommandGet{keys}", field(3, b"events"))[1].num_rows == 0
    assert table("CommandGetCrossReference", field(3, b"events") + field(6, b"events"))[1].num_rows == 0

    def stop(info):
        info = info.serialize()
        request = bytes([0x0A, len(info) & 0x7F | 0x80, len(info) >> 7]) + info
        answers = client.do_action(pa.flight.Action("CancelFlightInfo", request), options)
        return [bytes(answer.body) for answer in answers]

    info, one = table("CommandStatementQuery", field(1, b"SELECT 1 AS one"))
    assert one.to_pydict() == {"one": [1]}
    assert stop(info) == [b"\x08\x03"], "it has ended"
    endless = field(1, b"SELECT value FROM generate_series(1, 1000000000000)")
    descriptor = pa.flight.FlightDescriptor.for_command(command("CommandStatementQuery", endless))
    info = client.get_flight_info(descriptor, options)
    reader = client.do_get(info.endpoints[0].ticket, options)
    reader.read_chunk()
    assert stop(info) == [b"\x08\x01"], "it runs"
    try:
        while True:
            reader.read_chunk()
    except pa.ArrowCancelled as error:
        assert "the query was cancelled" in str(error), error
    closed = client.do_action(pa.flight.Action("CloseSession", b""), options)
    assert [bytes(part.body) for part in closed] == [b"\x08\x01"]


def refusals():
    narrow, = more
    with connect() as connection, connection.cursor() as cursor:
        for name, text, sql in [
            ("InvalidArgument", "did you mean `summary`?", "SELECT sumary FROM events"),
            ("InvalidArgument", "SELEC", "SELEC 1"),
            ("InvalidArgument", "no table `nothing`", "SELECT * FROM nothing"),
            ("InvalidArgument", "only statements that read", "DELETE FROM events"),
            ("InvalidArgument", "only statements that read", "CREATE VIEW v AS SELECT 1"),
            ("InvalidArgument", "either all", "SELECT ?, $1"),
            ("InvalidArgument", "bind values", "SELECT ? AS a, ? AS b"),
            ("ResourceExhausted", "longer than", f"SELECT '{'x' * (1 << 20)}'"),
        ]:
            refused(name, text, lambda sql=sql: cursor.execute(sql))
        refused("InvalidArgument", "2 parameters need as many values, 1 are bound",
                lambda: cursor.execute("SELECT ?, ?", (1,)))
        many = pa.record_batch({"a": pa.array(range(1001))})
        refused("ResourceExhausted", "at most 1000 rows", lambda: cursor.execute("SELECT ?", many))
        # It fails after the first rows.
        late = "SELECT 1 / (50000 - value) AS a FROM generate_series(1, 60000)"
        refused("InvalidArgument", "ivide by zero", lambda: cursor.execute(late).fetchall())
        refused("Unimplemented", "only read", lambda: cursor.executemany("SELECT ?", [(1,)]))
        refused("Unimplemented", "only read",
                lambda: cursor.adbc_ingest("events", many, mode="append"))
        # All that left the connection as it was.
        assert cursor.execute("SELECT 1").fetchone() == (1,)
    def first(token):
        with connect(token) as connection, connection.cursor() as cursor:
            return cursor.execute("SELECT 1").fetchone()
    refused("Unauthenticated", "token is not known", lambda: first("wrong"))
    refused("PermissionDenied", "lacks the scope `query`", lambda: first(narrow))
    def anonymous():
        with flight_sql.connect(f"grpc://{address}", autocommit=True) as connection:
            connection.cursor().execute("SELECT 1")
    refused("Unauthenticated", "send a token", anonymous)


def stream():
    rows, = map(int, more)
    # What clients take unless they are told otherwise.
    with connect(**{DatabaseOptions.WITH_MAX_MSG_SIZE.value: str(4 << 20)}) as connection, \
            connection.cursor() as cursor:
        # Rows of one kilobyte, and among them some that fill most of a message.
        cursor.execute(
            "SELECT value, repeat('x', CASE value % 50000 WHEN 7 THEN 3000000 ELSE 1000 END) AS text "
            f"FROM generate_series(1, {rows}) ORDER BY value")
        count = total = parts = 0
        for part in cursor.fetch_record_batch():
            assert part.column(0).to_pylist() == list(range(count + 1, count + part.num_rows + 1))
            count, parts = count + part.num_rows, parts + 1
            total += sum(map(len, part.column(1).to_pylist()))
        assert (count, total) == (rows, 1000 * rows + 2_999_000 * ((rows + 49_993) // 50_000))
        assert parts >= total // (4 << 20), parts


def cut():
    rows = int(*more)
    with connect() as connection, connection.cursor() as cursor:
        def ask(count):
            return cursor.execute(f"SELECT value FROM generate_series(1, {count})").fetchall()
        assert len(ask(rows)) == rows
        refused("ResourceExhausted", "query.rows_max", lambda: ask(rows + 1))


def leave():
    with connect() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT value, repeat('x', 1000) AS text FROM generate_series(1, 1000000000)")
        assert next(cursor.fetch_record_batch()).num_rows > 0
        cursor.adbc_cancel()


def login():
    with flight_sql.connect(f"grpc://{address}", autocommit=True,
                            db_kwargs={"username": "anybody", "password": token}) as connection:
        assert connection.cursor().execute("SELECT 1").fetchone() == (1,)
    def wrong():
        flight_sql.connect(f"grpc://{address}", autocommit=True,
                           db_kwargs={"username": "anybody", "password": "wrong"})
    refused("Unauthenticated", "token is not known", wrong)


def tls():
    certificate, = more
    roots = {DatabaseOptions.TLS_ROOT_CERTS.value: open(certificate, encoding="ascii").read()}
    port = address.rsplit(":", 1)[1]
    for credentials in [
        {DatabaseOptions.AUTHORIZATION_HEADER.value: f"Bearer {token}"},
        {"username": "anybody", "password": token},
    ]:
        with flight_sql.connect(f"grpc+tls://localhost:{port}", autocommit=True,
                                db_kwargs=credentials | roots) as connection:
            assert connection.cursor().execute("SELECT 1").fetchone() == (1,)


{"ask": ask, "calls": calls, "refusals": refusals, "stream": stream, "cut": cut, "leave": leave,
 "login": login, "tls": tls}[what]()
