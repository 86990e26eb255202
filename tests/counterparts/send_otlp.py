"""Sends log records with the OpenTelemetry SDK: send_otlp.py HTTP_HOST:PORT GRPC_HOST:PORT TOKEN."""

import logging
import sys

from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter as GrpcExporter
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter as HttpExporter
from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.resources import Resource

http, grpc, token = sys.argv[1:]
bearer = f"Bearer {token}"
for name, exporter in [
    ("otlp-http", HttpExporter(f"http://{http}/v1/logs", headers={"authorization": bearer},
                               compression=Compression.Gzip)),
    ("otlp-grpc", GrpcExporter(f"http://{grpc}", insecure=True, headers=(("authorization", bearer),))),
]:
    provider = LoggerProvider(Resource.create({"service.name": name, "host.name": "web-1"}))
    provider.add_log_record_processor(BatchLogRecordProcessor(exporter))
    logger = logging.getLogger(name)
    logger.addHandler(LoggingHandler(logger_provider=provider))
    for number in range(50):
        logger.warning("record %d", number, extra={"n": number})
    assert provider.force_flush()
    provider.shutdown()
