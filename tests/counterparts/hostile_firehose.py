"""Calls the Firehose API in wrong ways, signed by botocore; prints each case with what it got.

hostile_firehose.py HOST:PORT KEY_ID SECRET
"""

import base64
import gzip
import http.client
import json
import sys

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials


def main():
    address, key_id, secret = sys.argv[1:]

    def call(name, body, operation="PutRecordBatch", secret=secret, signed=True):
        headers = {
            "X-Amz-Target": f"Firehose_20150804.{operation}",
            "Content-Type": "application/x-amz-json-1.1",
        }
        request = AWSRequest("POST", f"http://{address}/", headers=headers, data=body)
        if signed:
            SigV4Auth(Credentials(key_id, secret), "firehose", "eu-west-1").add_auth(request)
        connection = http.client.HTTPConnection(address, timeout=60)
        connection.request("POST", "/", body, dict(request.headers))
        response = connection.getresponse()
        answer = json.loads(response.read())
        kind = answer.get("__type", "OK")
        assert response.getheader("x-amzn-errortype", "OK") == kind, answer
        print(name, response.status, kind)

    def batch(*data):
        records = [{"Data": base64.b64encode(one).decode()} for one in data]
        return json.dumps({"DeliveryStreamName": "stream", "Records": records}).encode()

    good = batch(b'{"good":1}')
    call("unsigned", good, signed=False)
    call("other_secret", good, secret="guess")
    call("unknown_operation", good, operation="Explode")
    call("garbage", b'{"DeliveryStreamName":')
    call("deep_request", b"[" * 50_000)
    call("not_base64", b'{"DeliveryStreamName":"s","Records":[{"Data":"???"}]}')
    call("no_records", batch())
    call("many_records", batch(*[b"{}"] * 501))
    call("long_record", batch(b" " * 1_024_001))
    call("long_body", b" " * (9 << 20))
    call("bomb", batch(gzip.compress(b" " * (8 << 20))))
    call("deep_record", batch(b'{"a":' + b"[" * 5_000 + b"]" * 5_000 + b"}"))
    call("good", good)


main()
