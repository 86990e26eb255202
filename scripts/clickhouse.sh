#!/usr/bin/env bash
# Installs ClickHouse as chDB (540 MB), which `make bench-json` measures beside Headwater. It has a Python
# environment of its own in the cache folder, so that tests need not download it; `.clickhouse` in the clone
# points to it.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
requirements=$root/benches/rivals/requirements.txt
key=$({ python3 --version; cat "$requirements"; } | sha256sum | cut -c1-12)
folder=${XDG_CACHE_HOME:-$HOME/.cache}/headwater/clickhouse-$key

# The stamp is written last: an interrupted environment is made anew.
if ! cmp -s "$requirements" "$folder/headwater-requirements.txt"; then
    echo "clickhouse: making the Python environment $folder" >&2
    mkdir -p "$folder"
    python3 -m venv --clear "$folder"
    "$folder/bin/python" -m pip install --quiet --disable-pip-version-check --no-input \
        --no-deps --only-binary :all: --requirement "$requirements"
    cp "$requirements" "$folder/headwater-requirements.txt"
fi
ln -sfn "$folder" "$root/.clickhouse"
