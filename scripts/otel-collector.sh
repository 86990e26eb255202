#!/usr/bin/env bash
# Builds the OpenTelemetry Collector with the receiver of the HTTP Event Collector and the exporter to files,
# which `make bench-serve` measures beside Headwater. Needs Go; takes about five minutes the first time.
# The program lies in the cache folder; `.otel-collector` in the clone points to it.
set -euo pipefail

version=0.157.0
stable=1.63.0
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
folder=${XDG_CACHE_HOME:-$HOME/.cache}/headwater/otel-collector-$version

if [ ! -x "$folder/otel-collector" ]; then
    command -v go >/dev/null || { echo "otel-collector: Go is missing, so it is not measured" >&2; exit 0; }
    echo "otel-collector: building $version" >&2
    mkdir -p "$folder"
    contrib=github.com/open-telemetry/opentelemetry-collector-contrib
    cat >"$folder/builder.yaml" <<EOF
dist: {name: otel-collector, output_path: $folder/source}
receivers:
  - gomod: $contrib/receiver/splunkhecreceiver v$version
exporters:
  - gomod: $contrib/exporter/fileexporter v$version
providers:
  - gomod: go.opentelemetry.io/collector/confmap/provider/envprovider v$stable
  - gomod: go.opentelemetry.io/collector/confmap/provider/fileprovider v$stable
EOF
    go run "go.opentelemetry.io/collector/cmd/builder@v0.158.0" --config "$folder/builder.yaml" \
        --skip-compilation --skip-strict-versioning >&2
    (cd "$folder/source" && GOFLAGS=-mod=mod go build -trimpath -ldflags="-s -w" -o "$folder/otel-collector.new" .)
    mv "$folder/otel-collector.new" "$folder/otel-collector"
fi
ln -sfn "$folder/otel-collector" "$root/.otel-collector"
