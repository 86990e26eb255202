"""Sends documents with real clients of Elasticsearch and OpenSearch: send_elastic.py HOST:PORT TOKEN."""

import sys

import elasticsearch
import elasticsearch.helpers
import opensearchpy
import opensearchpy.helpers

address, token = sys.argv[1:]


def documents(client, count):
    for number in range(count):
        yield {"_index": f"logs-{client}", "_op_type": "create", "client": client, "n": number}


es = elasticsearch.Elasticsearch(f"http://{address}", api_key=token)
assert es.info()["tagline"] == "You Know, for Search"
done, errors = elasticsearch.helpers.bulk(es, documents("elasticsearch-py", 100), refresh=False)
assert (done, errors) == (100, []), (done, errors)
es.indices.put_index_template(name="t", index_patterns=["logs-*"])
es.index(index="logs-single", document={"client": "elasticsearch-py", "n": 100})

mixed = list(documents("mixed", 2))
mixed.insert(1, {"_index": "logs-mixed", "_op_type": "delete", "_id": "1"})
results = list(elasticsearch.helpers.streaming_bulk(es, mixed, raise_on_error=False))
assert [ok for ok, _ in results] == [True, False, True], results

opensearch = opensearchpy.OpenSearch(
    hosts=[f"http://{address}"], http_auth=("user", token), http_compress=True
)
done, errors = opensearchpy.helpers.bulk(opensearch, documents("opensearch-py", 50))
assert (done, errors) == (50, []), (done, errors)

stranger = elasticsearch.Elasticsearch(f"http://{address}", api_key="guess")
try:
    elasticsearch.helpers.bulk(stranger, documents("stranger", 1))
    sys.exit("a wrong key was taken")
except elasticsearch.AuthenticationException:
    pass
