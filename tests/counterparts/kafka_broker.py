"""A real Apache Kafka broker for one test: JARS TOPIC:PARTITIONS...

Runs the broker in KRaft mode on free loopback ports with a folder of its own, makes the topics, and prints
one line: the plain address, the address with TLS and SASL, and the file of the certificate's authority (SCRAM
user `headwater`, password `secret of kafka`). Reads commands from standard input, one per line, and answers
each with one: `send TOPIC FILE [PARTITION]` sends the lines of a file, `truncate TOPIC PARTITION OFFSET` deletes what is
before an offset, `offsets GROUP` tells the offsets that a group told. Serves until standard input closes.
"""
import datetime
import ipaddress
import json
import pathlib
import socket
import subprocess
import sys
import tempfile

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from kafka import KafkaAdminClient, KafkaProducer, TopicPartition
from kafka.admin import NewTopic

CLUSTER = "SGVhZHdhdGVyVGVzdENsdQ"
PASSWORD = "secret of kafka"


def free_ports(count):
    """Ports that nobody listens on; all are held until all are known."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def certificate(folder):
    """Makes an authority and the broker's certificate; returns the authority's file and the two PEM texts."""
    def named(name):
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])

    def signed(name, key, issuer, issuer_key, is_authority):
        now = datetime.datetime.now(datetime.timezone.utc)
        builder = (
            x509.CertificateBuilder().subject_name(named(name)).issuer_name(named(issuer))
            .public_key(key.public_key()).serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName(
                [x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False))
        return builder.sign(issuer_key, hashes.SHA256())

    authority_key = ec.generate_private_key(ec.SECP256R1())
    key = ec.generate_private_key(ec.SECP256R1())
    authority = signed("authority", authority_key, "authority", authority_key, True)
    broker = signed("broker", key, "authority", authority_key, False)
    pem = serialization.Encoding.PEM
    file = folder / "authority.pem"
    file.write_bytes(authority.public_bytes(pem))
    key_text = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return file, broker.public_bytes(pem).decode(), key_text.decode()


def properties(folder, plain, secure, controller, chain, key):
    lines = {
        "process.roles": "broker,controller",
        "node.id": "1",
        "controller.quorum.voters": f"1@127.0.0.1:{controller}",
        "listeners": f"PLAIN://127.0.0.1:{plain},SECURE://127.0.0.1:{secure},CONTROLLER://127.0.0.1:{controller}",
        "listener.security.protocol.map": "PLAIN:PLAINTEXT,SECURE:SASL_SSL,CONTROLLER:PLAINTEXT",
        "inter.broker.listener.name": "PLAIN",
        "controller.listener.names": "CONTROLLER",
        "log.dirs": str(folder / "data"),
        "offsets.topic.replication.factor": "1",
        "offsets.topic.num.partitions": "1",
        "transaction.state.log.replication.factor": "1",
        "transaction.state.log.min.isr": "1",
        "group.initial.rebalance.delay.ms": "0",
        "group.min.session.timeout.ms": "1000",
        "auto.create.topics.enable": "false",
        "sasl.enabled.mechanisms": "SCRAM-SHA-512",
        "listener.name.secure.scram-sha-512.sasl.jaas.config":
            "org.apache.kafka.common.security.scram.ScramLoginModule required;",
        "ssl.keystore.type": "PEM",
        "ssl.keystore.certificate.chain": chain.replace("\n", "\\n"),
        "ssl.keystore.key": key.replace("\n", "\\n"),
    }
    file = folder / "server.properties"
    file.write_text("".join(f"{name}={value}\n" for name, value in lines.items()))
    return file


def start(jars, folder):
    plain, secure, controller = free_ports(3)
    authority, chain, key = certificate(folder)
    settings = properties(folder, plain, secure, controller, chain, key)
    java = ["java", "-XX:TieredStopAtLevel=1", "-Xshare:auto", "-cp", f"{jars}/*"]
    subprocess.run(
        [*java, "kafka.tools.StorageTool", "format", "-t", CLUSTER, "-c", str(settings), "--add-scram",
         f"SCRAM-SHA-512=[name=headwater,password={PASSWORD}]"],
        check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    log = open(folder / "broker.log", "wb")
    broker = subprocess.Popen([*java, "-Xmx384m", "kafka.Kafka", str(settings)], stdout=log, stderr=log)
    return broker, f"127.0.0.1:{plain}", f"127.0.0.1:{secure}", authority


def connect(broker, address):
    """An administrator, once the broker answers."""
    while broker.poll() is None:
        try:
            return KafkaAdminClient(bootstrap_servers=address)
        except Exception:  # noqa: BLE001 - whatever it is, the broker is not ready
            continue
    raise SystemExit("the broker ended early")


def send(producer, topic, file, partition=None):
    for line in pathlib.Path(file).read_bytes().split(b"\n"):
        if line:
            producer.send(topic, line, key=line, partition=partition)
    producer.flush()


def main():
    jars, *topics = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        broker, plain, secure, authority = start(jars, pathlib.Path(folder))
        try:
            admin = connect(broker, plain)
            split = [topic.rsplit(":", 1) for topic in topics]
            admin.create_topics([NewTopic(name, int(partitions), 1) for name, partitions in split])
            producer = KafkaProducer(bootstrap_servers=plain, acks="all")
            print(plain, secure, authority, flush=True)
            for line in sys.stdin:
                words = line.split()
                match words:
                    case ["send", topic, file]:
                        send(producer, topic, file)
                        print("done", flush=True)
                    case ["send", topic, file, partition]:
                        send(producer, topic, file, int(partition))
                        print("done", flush=True)
                    case ["truncate", topic, partition, offset]:
                        admin.delete_records({TopicPartition(topic, int(partition)): int(offset)})
                        print("done", flush=True)
                    case ["offsets", group]:
                        told = admin.list_group_offsets(group)[group]
                        offsets = {f"{key.topic}/{key.partition}": value.offset for key, value in told.items()}
                        print(json.dumps(offsets), flush=True)
        finally:
            broker.kill()
            broker.wait()


main()
