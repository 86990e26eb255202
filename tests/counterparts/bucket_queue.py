"""What happens around a bucket that is followed: bucket_queue.py COMMAND ARGUMENT…

`put ENDPOINT BUCKET COUNT` puts objects with ten events each, some under odd keys; `tell ENDPOINT QUEUE`
sends the JSON text of standard input, one message per line; `overwrite ENDPOINT BUCKET KEY` makes a bucket
that keeps versions and puts an object twice, and prints both versions; `rows LAKE` prints how many rows
the table `events` has, how many different ones, and how many `rejects` has. Keys come from the environment.
"""
import gzip
import json
import os
import sys

import boto3

ODD_KEYS = ["with space", "real+plus", "day=01/x", "percent%", "once%3Donly", "über 日", "what?*[1]#",
            "what?*[2]#", "a&b=c;d", "quote\"'`", "~tilde", "colon:at@", "back\\slash", "{braces}"]


def client(service, endpoint):
    return boto3.client(service, endpoint_url=endpoint, region_name="us-east-1")


def content(name):
    # With id and time, so that no plugin is needed to make it an event.
    lines = ({"eventid": f"{name}-{line}", "utctimestamp": "2024-05-01T10:00:00Z", "object": name, "line": line}
             for line in range(10))
    return gzip.compress("".join(json.dumps(line) + "\n" for line in lines).encode())


def put(endpoint, bucket, count):
    s3 = client("s3", endpoint)
    for number in range(int(count)):
        name = ODD_KEYS[number] if number < len(ODD_KEYS) else f"plain-{number}"
        s3.put_object(Bucket=bucket, Key=f"in/{name}.json.gz", Body=content(name))


def tell(endpoint, queue):
    sqs = client("sqs", endpoint)
    for line in sys.stdin:
        sqs.send_message(QueueUrl=queue, MessageBody=line.rstrip("\n"))


def overwrite(endpoint, bucket, key):
    s3 = client("s3", endpoint)
    s3.create_bucket(Bucket=bucket)
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    for name in ("first", "second"):
        print(s3.put_object(Bucket=bucket, Key=key, Body=content(name))["VersionId"])


def rows(lake):
    from deltalake import DeltaTable

    def column(table, name):
        return DeltaTable(f"{lake}/{table}").to_pyarrow_table(columns=[name])[name].to_pylist()

    events = [json.loads(details) for details in column("events", "details")]
    different = {(event["object"], event["line"]) for event in events}
    print(len(events), len(different), len(column("rejects", "reason")), flush=True)
    # The reader's threads can abort the interpreter while it shuts down; the answer is out.
    os._exit(0)


{"put": put, "tell": tell, "overwrite": overwrite, "rows": rows}[sys.argv[1]](*sys.argv[2:])
