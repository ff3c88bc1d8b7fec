# Everything a fresh machine needs is made here: a virtual environment, then the target's own work.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
export DAGSTER_HOME ?= $(CURDIR)/.dagster
export SUPPORT_PIPELINE_STORE ?= $(CURDIR)/store
export SUPPORT_PIPELINE_CLIENTS ?= $(CURDIR)/clients
export PYTHONUNBUFFERED := 1

.DEFAULT_GOAL := help
.PHONY: help install lock demo loop dev serve test test-slow check format base-model benchmarks clean

help: ## what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: $(VENV)/.installed ## the virtual environment with all packages

$(VENV)/.installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed; say make PYTHON=python3.11 ..." if sys.version_info < (3, 11) else 0)'
	@echo "installing into $(VENV) (the first time this takes minutes)"
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --disable-pip-version-check --constraint constraints.txt "torch==2.13.*"
	$(BIN)/python -m pip install --disable-pip-version-check --constraint constraints.txt --editable ".[dev]"
	@touch $@

lock: ## the newest packages that pyproject.toml allows, written to constraints.txt (then: make check test)
	rm -rf $(VENV)
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --disable-pip-version-check "torch==2.13.*"
	$(BIN)/python -m pip install --disable-pip-version-check --editable ".[dev]"
	{ echo "# The versions that the tests ran with, written by make lock; torch is in pyproject.toml."; \
	  $(BIN)/python -m pip freeze --exclude-editable --exclude torch; } > constraints.txt
	@touch $(VENV)/.installed

$(DAGSTER_HOME)/dagster.yaml: dagster.yaml
	@mkdir -p "$(DAGSTER_HOME)"
	@cp dagster.yaml "$(DAGSTER_HOME)/dagster.yaml"

demo: $(VENV)/.installed $(DAGSTER_HOME)/dagster.yaml ## the whole lineage for the demo client, on synthetic tickets
	$(BIN)/python -m support_pipeline.demo

loop: $(VENV)/.installed ## three months by itself: serve, agents edit, sensor, release, gate, deploy
	$(BIN)/python -m support_pipeline.demo.loop

dev: $(VENV)/.installed $(DAGSTER_HOME)/dagster.yaml ## Dagster's web UI and daemon, http://localhost:3000
	$(BIN)/dagster dev --workspace workspace.yaml

serve: $(VENV)/.installed ## the router and the approval page, http://localhost:8080
	$(BIN)/support-pipeline serve

test: $(VENV)/.installed ## the test suite (offline, CPU)
	$(BIN)/python -m pytest -m "not slow"

test-slow: $(VENV)/.installed ## the proofs that take minutes: kill -9 at random moments, the demo's quality
	$(BIN)/python -m pytest -m slow

check: $(VENV)/.installed ## format, lint and types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: $(VENV)/.installed ## formats the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

base-model: $(VENV)/.installed ## makes the embedded tiny base model again, from nothing
	$(BIN)/python -m support_pipeline.demo.base_training --out support_pipeline/demo/base_model

benchmarks: $(VENV)/.installed ## prints one JSON line a figure
	for script in benchmarks/*.py; do $(BIN)/python $$script || exit 1; done

clean: ## forgets the store and the Dagster home
	rm -rf "$(SUPPORT_PIPELINE_STORE)" "$(DAGSTER_HOME)"
