# Two commands do everything: `make run` and `make test`. Needs Python 3.11 or newer and make.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
export KOE_HOME ?= $(CURDIR)/data
export DAGSTER_DISABLE_TELEMETRY := 1
export DO_NOT_TRACK := 1
# A night and its tests start Python many times: what is compiled is kept, whatever an image thinks of that.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help run test unit test-deep lint eval bench dev doctor train lock clean

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

$(READY): constraints.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Koe needs Python 3.11 or newer; set PYTHON=python3.11")'
	@test -x $(BIN)/python || { echo "Making the environment in $(VENV) (a minute or two)"; $(PYTHON) -m venv $(VENV); }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r constraints.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

run: $(READY) ## Run the night: landing to published marts and report (sample posts if landing is empty)
	@$(BIN)/koe run --samples-if-empty $(ARGS)

test: $(READY) lint ## Everything that CI checks: lint, types, unit, asset and integration tests
	@command -v chromium >/dev/null || echo "!! Chromium is not installed: the browser tests are LEFT OUT (Debian: apt-get install chromium)"
	@compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null || echo "!! PostgreSQL is not installed: publication into a server is NOT TESTED (Debian: apt-get install postgresql)"
	@$(BIN)/python -m pytest -q -n 2 --dist worksteal tests/unit $(ARGS)
	@$(BIN)/python -m pytest -q -n 2 --dist loadfile --no-loadscope-reorder tests/assets tests/integration $(ARGS)

unit: $(READY) ## Pure tests only, in seconds
	@$(BIN)/python -m pytest -q -n 2 --dist worksteal tests/unit $(ARGS)

test-deep: $(READY) ## Unit tests with 2,000 new examples a property where the others take 40: before a release, or at night
	@$(BIN)/python -m pytest -q -n 2 --dist worksteal --hypothesis-profile=deep --timeout=3600 tests/unit $(ARGS)

lint: $(READY) ## ruff, mypy, import contracts
	@$(BIN)/ruff check --quiet . && $(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy --no-error-summary
	@told=$$($(BIN)/lint-imports --no-logo) || { echo "$$told"; exit 1; }

eval: $(READY) ## Score redaction and labels on the gold posts
	@$(BIN)/python -m evaluation

bench: $(READY) ## All benchmarks: ratios against a floor or a peer in the same run
	@for b in benchmarks/*.py; do echo "== $$b"; $(BIN)/python $$b || exit 1; done

bench-%: $(READY) ## One benchmark, e.g. make bench-redaction
	@$(BIN)/python benchmarks/$*.py $(ARGS)

train: $(READY) ## Train the name model and the label models from training/posts
	@$(BIN)/python -m training.names && $(BIN)/python -m training.labels

dev: $(READY) ## Dagster's UI on this code location (http://127.0.0.1:3000)
	@$(BIN)/koe dev

doctor: $(READY) ## Check zones, keys, encryption, permissions, certificates
	@$(BIN)/koe doctor

lock: ## Pin every version again, with hashes and without any index address (needs uv)
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header --extra dev pyproject.toml -o constraints.txt

clean: ## Remove the environment and caches, never data
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache *.egg-info dbt_project/target dbt_project/logs
