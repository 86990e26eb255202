"""A real S3 server for one test: moto on a free loopback port with one bucket: BUCKET [QUEUE].

Prints its address on the first line and serves until killed or until standard input closes. With QUEUE,
new objects of the bucket are told to an SQS queue of this name, all later requests must be signed, and
the second line is the queue's URL and the id and secret of the one key that is known.
"""
import json
import sys
import threading

import boto3
import moto.settings
from moto.server import ThreadedMotoServer

server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
host, port = server.get_host_and_port()
endpoint = f"http://{host}:{port}"


def client(service):
    return boto3.client(service, endpoint_url=endpoint, region_name="us-east-1",
                        aws_access_key_id="test-key", aws_secret_access_key="test-secret")


def make_queue(bucket, name):
    """Makes the queue, lets the bucket send to it, and the one user who may do everything."""
    sqs, iam = client("sqs"), client("iam")
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    everything = {"QueueArn": arn, "Events": ["s3:ObjectCreated:*", "s3:ObjectRemoved:*"]}
    client("s3").put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration={"QueueConfigurations": [everything]})
    iam.create_user(UserName="test")
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    iam.put_user_policy(UserName="test", PolicyName="all", PolicyDocument=json.dumps(policy))
    key = iam.create_access_key(UserName="test")["AccessKey"]
    moto.settings.INITIAL_NO_AUTH_ACTION_COUNT = 0
    return url, key["AccessKeyId"], key["SecretAccessKey"]


client("s3").create_bucket(Bucket=sys.argv[1])
print(endpoint, flush=True)
if len(sys.argv) > 2:
    print(*make_queue(*sys.argv[1:]), flush=True)
threading.Thread(target=lambda: (sys.stdin.read(), server.stop()), daemon=True).start()
threading.Event().wait()
