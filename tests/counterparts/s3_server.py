"""A real S3 server for one test: moto on a free loopback port with one bucket.

Prints its address on the first line and serves until killed or until standard input closes.
"""
import sys
import threading

import boto3
from moto.server import ThreadedMotoServer

server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
host, port = server.get_host_and_port()
endpoint = f"http://{host}:{port}"
boto3.client(
    "s3",
    endpoint_url=endpoint,
    region_name="us-east-1",
    aws_access_key_id="test-key",
    aws_secret_access_key="test-secret",
).create_bucket(Bucket=sys.argv[1])
print(endpoint, flush=True)
threading.Thread(target=lambda: (sys.stdin.read(), server.stop()), daemon=True).start()
threading.Event().wait()
