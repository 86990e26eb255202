# The commands of the README. `demo`, `test` and `check` share the dev profile, so the dependencies are
# built once for all of them; `build` and `bench` share the release profile.

.DEFAULT_GOAL := help
.PHONY: help demo test crash fuzz check build bench bench-serve bench-json

# Where the release binary ends up: Cargo's own rule.
target := $(or $(CARGO_TARGET_DIR),target)

# How long `make fuzz` spends on each target.
FUZZ_SECONDS ?= 60

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: ## Make a lake from the sample events and ask it questions (first build: about 7 minutes)
	@scripts/setup.sh build
	cargo build --bin headwater
	@cargo run --quiet --bin headwater -- demo

test: ## Install what is missing and run all tests
	@scripts/setup.sh test
	cargo test --workspace

crash: ## Kill the server 3 x 200 times under load (good disk, full disk, failing store): nothing acknowledged is lost or doubled
	@scripts/setup.sh test
	HEADWATER_CRASH_KILLS=200 cargo test --workspace --test it -- --nocapture serve::crash

fuzz: ## Feed the parsers and the journal with made up inputs, FUZZ_SECONDS each (60)
	scripts/fuzz.sh hec $(FUZZ_SECONDS)
	scripts/fuzz.sh bulk $(FUZZ_SECONDS)
	scripts/fuzz.sh syslog $(FUZZ_SECONDS)
	scripts/fuzz.sh journal $(FUZZ_SECONDS)

check: ## Everything a change has to pass: format, house rules, lints, docs, tests
	@scripts/setup.sh check
	cargo xtask check

build: ## Build the release binary (about half an hour on two cores)
	@scripts/setup.sh build
	cargo build --release --bin headwater
	@echo "built $(target)/release/headwater"

bench-serve: ## Measure the server, beside the OpenTelemetry Collector where Go is installed
	@scripts/setup.sh build
	@scripts/otel-collector.sh
	cargo build --release --bin headwater
	cargo bench --workspace --no-fail-fast --bench serve

bench-json: ## Measure JSON paths and indicators beside ClickHouse and DuckDB (about half an hour)
	@scripts/setup.sh test
	cargo build --release --bin headwater
	cargo bench --workspace --no-fail-fast --bench json --bench ioc

bench: ## Measure against the named rivals and print the ratios
	@scripts/setup.sh test
	cargo build --release --bin headwater
	cargo bench --workspace --no-fail-fast --bench json_tree --bench ingest --bench ocsf --bench query --bench commits
