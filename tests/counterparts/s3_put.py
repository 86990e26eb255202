"""Puts one small JSON event per key into a bucket: ENDPOINT BUCKET KEY…"""
import json
import sys

import boto3

endpoint, bucket, *keys = sys.argv[1:]
client = boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1",
                      aws_access_key_id="test-key", aws_secret_access_key="test-secret")
for key in keys:
    client.put_object(Bucket=bucket, Key=key,
                      Body=json.dumps({"time": "2024-05-01T10:00:00Z", "key": key}).encode())
