# Every target makes what it needs. A fresh machine needs python3 (3.11 or newer) and cargo (1.85 or newer).

.DEFAULT_GOAL := help
.PHONY: help env demo test fuzz model faults disk sim mutants check bench bench-peers clients requirements docs format clean
.DELETE_ON_ERROR:

PYTHON ?= python3
export PIP_QUIET := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1
BIN := .venv/bin
# Tests over sockets wait most of their time: one more than there are cores.
WORKERS := $(shell $(PYTHON) -c 'import os; print((os.cpu_count() or 1) + 1)')
PEERS := .cache/peers
CLIENTS := .cache/clients
RUST := Cargo.toml Cargo.lock $(shell find rust -name '*.rs' -o -name Cargo.toml)

help: ## print this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1|/' | awk -F'|' '{printf "  make %-13s %s\n", $$1, $$2}'

env: .venv/.kernel ## make .venv with the package (kernel in release mode), its research extra and the tools

.venv/.tools: pyproject.toml
	@command -v $(PYTHON) >/dev/null && $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Sadari needs Python 3.11 or newer as '$(PYTHON)': install it, or name another with PYTHON=..."; exit 1; }
	test -x $(BIN)/pip || $(PYTHON) -m venv .venv
	$(BIN)/pip install --upgrade 'pip>=25.1'
	$(BIN)/pip install --group dev
	@touch $@

.venv/.kernel: .venv/.tools $(RUST)
	@command -v cargo >/dev/null || { echo "Sadari's kernel is Rust: cargo 1.85 or newer is missing from the PATH (see rustup.rs)"; exit 1; }
	$(BIN)/maturin develop --release --quiet --extras research
	@touch $@

demo: env ## watch the engine trade on a local exchange with a made-up market (no keys, no network)
	@$(BIN)/sadari demo

test: env ## run the kernel's tests and all Python tests
	cargo test --quiet --package sadari-kernel --package sadari-faulty-disk
	$(BIN)/pytest --quiet --numprocesses $(WORKERS) --dist loadgroup

fuzz: env ## run the tests of drawn examples with new ones: what it finds is printed, to be kept as an example
	$(BIN)/pytest --quiet -m hypothesis --hypothesis-profile drawn --numprocesses $(WORKERS) --dist loadgroup

model: env ## check the engine against a model of its venue: every reachable state within stated bounds (minutes)
	@$(BIN)/python -m tests.model.check

check: env ## hold the code to the house rules: linters, types, import contracts, generated docs
	$(BIN)/ruff check --quiet
	$(BIN)/ruff format --quiet --check
	$(BIN)/mypy --no-error-summary
	$(BIN)/python -m mypy.stubtest sadari._kernel --concise --allowlist tests/tidy/stubtest-allow.txt --ignore-unused-allowlist
	$(BIN)/lint-imports --no-logo
	cargo fmt --check
	cargo clippy --quiet --workspace --all-targets -- --deny warnings
	$(BIN)/pytest --quiet tests/tidy

format: env ## rewrite the code in the house format
	$(BIN)/ruff check --quiet --fix
	$(BIN)/ruff format --quiet
	cargo fmt

bench: env ## measure our own speed; results go to .benchmarks as JSON, one file a commit
	$(BIN)/pytest benches --benchmark-enable --benchmark-only --benchmark-autosave --timeout 0

bench-peers: $(PEERS)/.installed ## measure ours beside the packaged alternatives, in one run
	@set -e; for script in benches/peers_*.py; do echo "== $$script"; PYTHONPATH=. $(PEERS)/bin/python "$$script"; done

$(PEERS)/.installed: .venv/.kernel
	test -x $(PEERS)/bin/pip || $(PYTHON) -m venv $(PEERS)
	$(PEERS)/bin/pip install --upgrade 'pip>=25.1'
	$(PEERS)/bin/pip install '.[research]' --group peers
	@touch $@

clients: env $(CLIENTS)/.installed ## let other people's clients (ccxt, python-binance) trade against the local exchange; try Apprise
	$(CLIENTS)/bin/pytest --quiet -W default tests/clients/with_*.py # their warnings are theirs

# An environment of their own, so that nothing they need can hide what ours lacks: the exchange itself runs in .venv.
$(CLIENTS)/.installed: pyproject.toml
	test -x $(CLIENTS)/bin/pip || $(PYTHON) -m venv $(CLIENTS)
	$(CLIENTS)/bin/pip install --upgrade 'pip>=25.1'
	$(CLIENTS)/bin/pip install --group clients
	@touch $@

requirements: env ## list the numbered requirements that have no test, and counts part by part
	@$(BIN)/pytest --quiet --requirements tests benches

faults: env ## play every fault of the local exchange at a live engine: row, verdict, and the rows that are open
	@$(BIN)/python -m tests.faults.table --numprocesses 2 --dist loadgroup

SEEDS ?= 2000
FIRST ?= 0

sim: env ## run the whole system on made-up time: SEEDS seeds from FIRST on, kills at every point; PUBLISH=page writes it
	@$(BIN)/python -m tests.sim.check $(SEEDS) --first $(FIRST) $(if $(PUBLISH),--publish $(PUBLISH))

disk: env ## let the disk fail at every operation of a short life, and flip a bit of every byte: what became of it (minutes)
	@$(BIN)/python -m tests.disk.table

mutants: env ## let naive engines run into the tests that have to catch them (minutes)
	@$(BIN)/python -m tests.mutants.table

docs: env ## write the generated pages of docs/ anew
	$(BIN)/python -m tests.tidy.generated

clean: ## remove everything that the targets made
	rm -rf .venv .cache target build dist .benchmarks .hypothesis .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
	rm -f python/sadari/*.so
	find python tests benches -name __pycache__ -type d -prune -exec rm -rf {} +
