"""Checks the description of the API: by a validator of OpenAPI documents, and against a running server,
whose answers must be described.

    check_openapi.py http://HOST:PORT TOKEN

Calls every operation as the table below says, and prints how many there are.
"""

import json
import sys

import jsonschema
import requests
from openapi_spec_validator import validate

SERVER, TOKEN = sys.argv[1:]
JSON, LINES = "application/json", "application/x-ndjson"

# operationId: calls, each with path, keyword arguments of the client, expected status and content type.
CALLS = {
    "openapi": [("/api/v1/openapi.json", {}, 200, JSON)],
    "health": [("/health", {}, 200, JSON)],
    "ready": [("/ready", {}, 200, JSON)],
    "metrics": [("/metrics", {}, 200, "text/plain")],
    "listTables": [("/api/v1/tables", {}, 200, JSON)],
    "sendEvents": [
        ("/api/v1/events?source=app", {"json": [{"n": 1}, {"n": 2}], "headers": {"Idempotency-Key": "1"}}, 200, JSON),
        ("/api/v1/events?source=app", {"json": [], "headers": {"Idempotency-Key": "1"}}, 200, JSON),
        ("/api/v1/events", {"data": "a,b\n1,2\n", "headers": {"Content-Type": "text/csv"}}, 200, JSON),
        ("/api/v1/events", {"data": "{broken", "headers": {"Content-Type": JSON}}, 400, JSON),
        ("/api/v1/events", {"data": ""}, 400, JSON),
        ("/api/v1/events", {"data": "{}", "headers": {"Content-Encoding": "br"}}, 415, JSON),
        ("/api/v1/events", {"data": "{}", "headers": {"Authorization": "Bearer wrong"}}, 401, JSON),
    ],
    "followEvents": [
        ("/api/v1/tail?where=source%20%3D%20'app'", {"stream": True}, 200, LINES),
        ("/api/v1/tail?where=nonsense%20%3D%201", {}, 400, JSON),
        ("/api/v1/tail?were=1", {}, 400, JSON),
    ],
    "runQuery": [
        ("/api/v1/query", {"data": "SELECT 1 AS one"}, 200, LINES),
        ("/api/v1/query", {"json": {"sql": "SELECT $n AS n", "parameters": {"n": 1}, "format": "json"}}, 200, JSON),
        ("/api/v1/query", {"data": "SELECT 1 AS one", "headers": {"Accept": "text/csv"}}, 200, "text/csv"),
        ("/api/v1/query", {"json": {"sql": "SELECT 1 AS one", "format": "arrow"}}, 200,
         "application/vnd.apache.arrow.stream"),
        ("/api/v1/query", {"json": {"sql": "SELECT 1 AS one", "format": "parquet"}}, 200,
         "application/vnd.apache.parquet"),
        ("/api/v1/query", {"json": {"sql": "SELECT 1 AS one", "format": "table"}}, 200, "text/plain"),
        ("/api/v1/query", {"data": "SELECT nonsense"}, 400, JSON),
        ("/api/v1/query", {"data": " " * (2 << 20)}, 413, JSON),
        ("/api/v1/query", {"data": "SELECT 1", "headers": {"Authorization": ""}}, 401, JSON),
    ],
    "listSavedQueries": [("/api/v1/queries", {}, 200, JSON)],
    "showSavedQuery": [
        ("/api/v1/queries/unknown", {}, 404, JSON),
        ("/api/v1/queries/Not.a.name", {}, 400, JSON),
    ],
    "saveQuery": [
        ("/api/v1/queries/one", {"json": {"sql": "SELECT $1 AS n", "description": "One number."}}, 201, JSON),
        ("/api/v1/queries/one", {"json": {"sql": "SELECT $1 AS n"}}, 200, JSON),
        ("/api/v1/queries/one", {"json": {"sql": "SELECT nonsense"}}, 400, JSON),
        ("/api/v1/queries/one", {"data": " " * (2 << 20)}, 413, JSON),
    ],
    "runSavedQuery": [
        ("/api/v1/queries/one/run", {"json": {"parameters": [7]}}, 200, LINES),
        ("/api/v1/queries/one/run", {}, 400, JSON),
        ("/api/v1/queries/unknown/run", {}, 404, JSON),
    ],
    "deleteSavedQuery": [
        ("/api/v1/queries/one", {}, 204, None),
        ("/api/v1/queries/one", {}, 404, JSON),
    ],
    "stopQuery": [
        ("/api/v1/query/x", {}, 400, JSON),
        ("/api/v1/query/%ff", {}, 400, JSON),
        ("/api/v1/query/6f9b3a2e-0000-0000-0000-000000000000", {}, 404, JSON),
    ],
}


def call(method, path, options):
    headers = {"Authorization": f"Bearer {TOKEN}", **options.get("headers", {})}
    return requests.request(method, SERVER + path, timeout=60, **{**options, "headers": headers})


def check(document, operation, method, target, options, status, content_type):
    """The answer is the expected one, and the document says that it can come."""
    with call(method, target, options) as answer:
        what = f"{method} {target}: {answer.status_code}"
        assert answer.status_code == status, what + answer.text
        described = operation["responses"].get(str(status))
        assert described is not None, f"{what} is not described"
        if content_type is None:
            assert "content" not in described and not answer.content, what
            return
        assert answer.headers["Content-Type"].split(";")[0] == content_type, what
        schema = {**described["content"][content_type]["schema"], "components": document["components"]}
        validator = jsonschema.Draft202012Validator(schema)
        if content_type == JSON:
            validator.validate(answer.json())
        elif content_type == LINES and not options.get("stream"):
            for line in answer.iter_lines():
                validator.validate(json.loads(line))


document = requests.get(f"{SERVER}/api/v1/openapi.json", timeout=60).json()
validate(document)
operations = [
    (method, operation) for methods in document["paths"].values() for method, operation in methods.items()
]
# In the order of the table: what is shown must have been saved.
operations.sort(key=lambda operation: list(CALLS).index(operation[1]["operationId"]))
for method, operation in operations:
    for called in CALLS.pop(operation["operationId"]):
        check(document, operation, method, *called)
assert not CALLS, f"not described: {list(CALLS)}"
print(len(operations))
