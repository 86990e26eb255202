#!/usr/bin/env bash
# Feeds a parser with inputs that libFuzzer makes up, until one fails or the time is over.
#
#   scripts/fuzz.sh TARGET [SECONDS]    TARGET is hec, bulk, syslog or journal; 60 seconds by default
#
# Works with the toolchain of rust-toolchain.toml and a C++ compiler; nothing else has to be installed.
# New inputs are kept in a temporary folder: what is worth keeping goes to fuzz/seeds/TARGET by hand. An
# input that fails is kept in fuzz/artifacts/TARGET; scripts/fuzz.sh TARGET FILE runs it again.
# HEADWATER_FUZZ_SANITIZER=address looks for wrong memory accesses too, at half the speed.
# With cargo-fuzz and a nightly toolchain `cargo +nightly fuzz run TARGET` does the same.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

fail() { printf 'fuzz: %s\n' "$@" >&2; exit 1; }

target=${1:-}
[ -f "$root/fuzz/fuzz_targets/$target.rs" ] || fail "usage: scripts/fuzz.sh TARGET [SECONDS]" \
    "targets: $(cd "$root/fuzz/fuzz_targets" && printf '%s ' *.rs | sed 's/\.rs//g')"
command -v c++ >/dev/null 2>&1 || fail "libFuzzer needs a C++ compiler: install g++"

# What cargo-fuzz passes, without what only nightly toolchains know.
flags=(
    -Cpasses=sancov-module
    -Cllvm-args=-sanitizer-coverage-level=4
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters
    -Cllvm-args=-sanitizer-coverage-pc-table
    -Cllvm-args=-sanitizer-coverage-trace-compares
    --cfg fuzzing
)
if [ -n "${HEADWATER_FUZZ_SANITIZER:-}" ]; then
    export RUSTC_BOOTSTRAP=1
    flags+=("-Zsanitizer=$HEADWATER_FUZZ_SANITIZER")
fi

input=
if [ -f "${2:-}" ]; then input=$(realpath "$2"); fi
cd "$root/fuzz"
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$root/fuzz/target}
host=$(rustc -vV | sed -n 's/^host: //p')
# With `--target` the flags are not for build scripts and macros, which have no libFuzzer.
RUSTFLAGS="${flags[*]}" cargo build --release --target "$host" --bin "$target"

mkdir -p "artifacts/$target"
options=(
    "-artifact_prefix=artifacts/$target/"
    -max_len=4096
    -timeout=10
    -rss_limit_mb=2048
    -print_final_stats=1
)
program=$CARGO_TARGET_DIR/$host/release/$target
if [ -n "$input" ]; then exec "$program" "${options[@]}" "$input"; fi
corpus=$(mktemp -d)
trap 'rm -rf "$corpus"' EXIT
"$program" "${options[@]}" "-max_total_time=${2:-60}" "$corpus" "seeds/$target"
