"""Sends events with real clients of the HTTP Event Collector: send_hec.py HOST:PORT TOKEN."""

import logging
import sys

import splunklib.client
from py_mdr.client import MDRClient
from splunk_handler import SplunkHandler
from splunk_hec_handler import SplunkHecHandler

address, token = sys.argv[1:]
host, port = address.rsplit(":", 1)


def py_mdr():
    client = MDRClient("app", "team", f"http://{address}", token)
    client.send({"client": "py-mdr", "n": 1, "message": 'hé "quoted"', "time": 1600000000000})
    client.send_batch([{"client": "py-mdr", "n": 2}, {"client": "py-mdr", "n": 3, "b": [1, {"c": None}]}])


def splunk_handler():
    handler = SplunkHandler(
        host=host, port=port, token=token, index="main", protocol="http", verify=False,
        source="splunk-handler", sourcetype="json", flush_interval=0,
    )
    logger = logging.getLogger("splunk-handler")
    logger.addHandler(handler)
    logger.warning("from splunk-handler")
    logging.shutdown()


def splunk_hec_handler():
    handler = SplunkHecHandler(host, token, port=int(port), proto="http", source="splunk-hec-handler")
    logger = logging.getLogger("splunk-hec-handler")
    logger.addHandler(handler)
    logger.warning({"client": "splunk-hec-handler", "fields": {"env": "test"}})


def splunk_sdk():
    service = splunklib.client.Service(host=host, port=int(port), scheme="http", splunkToken=token)
    answer = service.post(
        "/services/receivers/simple", index="main", source="splunk-sdk", body="from splunk-sdk"
    )
    assert answer.status == 200, answer.status


py_mdr()
splunk_handler()
splunk_hec_handler()
splunk_sdk()
