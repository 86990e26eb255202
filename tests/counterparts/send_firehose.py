"""Sends records with boto3: send_firehose.py HOST:PORT KEY SECRET."""

import json
import sys

import boto3
import botocore.exceptions

address, key, secret = sys.argv[1:]


def client(secret):
    return boto3.client(
        "firehose", endpoint_url=f"http://{address}", region_name="us-east-1",
        aws_access_key_id=key, aws_secret_access_key=secret,
    )


firehose = client(secret)
record = {"Data": json.dumps({"client": "boto3", "n": 0}).encode()}
assert firehose.put_record(DeliveryStreamName="stream", Record=record)["RecordId"]
records = [{"Data": b'{"client":"boto3","n":%d}\n' % number} for number in range(1, 100)]
answer = firehose.put_record_batch(DeliveryStreamName="stream", Records=records)
assert answer["FailedPutCount"] == 0 and len(answer["RequestResponses"]) == 99, answer
for name, client, records in [
    ("a wrong secret", client("wrong"), records[:1]),
    ("501 records", firehose, records[:1] * 501),
]:
    try:
        client.put_record_batch(DeliveryStreamName="stream", Records=records)
        sys.exit(f"{name} was taken")
    except (botocore.exceptions.ClientError, botocore.exceptions.ParamValidationError):
        pass
