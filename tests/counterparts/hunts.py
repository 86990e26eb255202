"""The hunts of tests/hunts.rs by other readers of the same Delta table.

`duckdb`: DuckDB's own Delta extension reads and queries. `deltalake`: the Python package reads, plain
Python filters and joins. Prints one JSON object.
"""
import json
import os
import sys

import duckdb
import duckdb_ext
from deltalake import DeltaTable

table = f"{sys.argv[1]}/events"
FIELDS = ("action log_name source_name host_name event_id logon_type src_ip_addr user_logon_id user_name "
          "process_name process_parent_name").split()
WINDOW = ("2019-03-19T00:00:00+00:00", "2019-03-20T00:00:00+00:00")


def with_duckdb():
    """Everything in DuckDB's SQL over its Delta reader."""
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    duckdb_ext.init(connection)
    connection.execute("LOAD delta")
    columns = ", ".join(f"json_extract_string(details, '$.{name}') AS {name}" for name in FIELDS)
    connection.execute(f"CREATE VIEW e AS SELECT utctimestamp, {columns} FROM delta_scan('{table}')")
    rows, size = connection.execute(
        f"SELECT count(*), sum(octet_length(encode(details))) FROM delta_scan('{table}')").fetchone()
    window = f"BETWEEN TIMESTAMPTZ '{WINDOW[0]}' AND TIMESTAMPTZ '{WINDOW[1]}'"
    join = connection.execute(f"""
        SELECT lower(l.host_name), l.src_ip_addr, lower(l.user_name), p.user_logon_id,
               p.process_parent_name, p.process_name
        FROM e l JOIN e p ON l.user_logon_id = p.user_logon_id
        WHERE l.event_id = '4624' AND l.logon_type = '3' AND l.src_ip_addr IS NOT NULL
          AND l.log_name = 'Security' AND l.utctimestamp {window}
          AND p.event_id = '1' AND p.source_name = 'Microsoft-Windows-Sysmon' AND p.utctimestamp {window}
        ORDER BY p.utctimestamp""").fetchall()
    create = connection.execute("""
        SELECT process_parent_name, count(*) FROM e WHERE action = 'processcreate'
        GROUP BY 1 ORDER BY 2 DESC, 1""").fetchall()
    return {"rows": rows, "bytes": size, "join": text(join), "create": text(create)}


def with_deltalake():
    """Read with the package, then plain Python."""
    frame = DeltaTable(table).to_pyarrow_table(columns=["utctimestamp", "details"]).to_pylist()
    events = [{**json.loads(row["details"]), "at": row["utctimestamp"].isoformat()} for row in frame]
    inside = [event for event in events if WINDOW[0] <= event["at"] <= WINDOW[1]]
    logons = [event for event in inside
              if str(event.get("event_id")) == "4624" and str(event.get("logon_type")) == "3"
              and event.get("src_ip_addr") and event.get("log_name") == "Security"]
    processes = sorted((event for event in inside if str(event.get("event_id")) == "1"
                        and event.get("source_name") == "Microsoft-Windows-Sysmon"), key=lambda e: e["at"])
    join = [(logon["host_name"].lower(), logon["src_ip_addr"], logon["user_name"].lower(),
             process["user_logon_id"], process["process_parent_name"], process["process_name"])
            for process in processes for logon in logons
            if str(logon.get("user_logon_id")) == str(process.get("user_logon_id"))]
    counts = {}
    for event in events:
        if event.get("action") == "processcreate":
            name = event["process_parent_name"]
            counts[name] = counts.get(name, 0) + 1
    create = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    size = sum(len(row["details"].encode()) for row in frame)
    return {"rows": len(frame), "bytes": size, "join": text(join), "create": text(create)}


def text(rows):
    """All cells as text."""
    return [[str(cell) for cell in row] for row in rows]


print(json.dumps({"duckdb": with_duckdb(), "deltalake": with_deltalake()}), flush=True)
# The readers' threads can abort the interpreter while it shuts down; the answer is out.
os._exit(0)
