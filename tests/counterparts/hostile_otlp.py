"""Calls the OTLP log service over gRPC in wrong ways; prints each case with the status it got.

hostile_otlp.py HOST:PORT TOKEN
"""

import sys

import grpc
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import (
    ExportLogsServiceRequest,
    ExportLogsServiceResponse,
)

SERVICE = "/opentelemetry.proto.collector.logs.v1.LogsService/"


def request_of(fill):
    request = ExportLogsServiceRequest()
    record = request.resource_logs.add().scope_logs.add().log_records.add()
    fill(record)
    return request.SerializeToString()


def deep(record):
    value = record.body
    for _ in range(80):
        value = value.array_value.values.add()
    value.int_value = 1


def main():
    address, token = sys.argv[1:]
    channel = grpc.insecure_channel(address)

    def call(name, message, token=token, method="Export", compression=None):
        stub = channel.unary_unary(SERVICE + method)
        metadata = [("authorization", f"Bearer {token}")] if token else []
        try:
            answer = stub(message, metadata=metadata, compression=compression, timeout=60)
            rejected = ExportLogsServiceResponse.FromString(answer).partial_success
            print(name, f"OK rejected={rejected.rejected_log_records}")
        except grpc.RpcError as error:
            print(name, error.code().name)

    good = request_of(lambda record: setattr(record.body, "string_value", "good"))
    large = request_of(lambda record: setattr(record.body, "string_value", "x" * (8 << 20)))
    call("anonymous", good, token="")
    call("unknown_token", good, token="guess")
    call("garbage", b"\xff" * 1_000)
    call("long", large[: 200 << 10])
    call("bomb", large, compression=grpc.Compression.Gzip)
    call("deep", request_of(deep))
    call("unknown_method", good, method="Import")
    call("good", good)


main()
