"""Counts the rows of `events` and `rejects` of a lake with the Python package deltalake."""
import os
import sys

from deltalake import DeltaTable

print(*(DeltaTable(f"{sys.argv[1]}/{name}").to_pyarrow_table(columns=["utctimestamp"]).num_rows
        for name in ("events", "rejects")), flush=True)
# The reader's threads can abort the interpreter while it shuts down; the answer is out.
os._exit(0)
