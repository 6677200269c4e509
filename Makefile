# Two commands from a bare clone: `make run` and `make test`. Each sets up what it needs, once.
PYTHON ?= python3
VENV := .venv
LEAN := .venv-lean
BIN := $(VENV)/bin
LOCK := $(BIN)/pip-compile-universal

.DEFAULT_GOAL := help
.PHONY: help setup run test check fix bench torture docs lock clean

help:  ## Show the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: $(VENV)/.ready  ## Make the virtual environment (done by every other target that needs it)

$(VENV)/.ready: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo 'Python 3.11 or later is needed: make PYTHON=/path/to/python3.11 ...'; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo 'Setting up $(VENV): about two minutes, once'
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

run: setup  ## Simulate a small administration and check it (DATA=folder to check your own)
	@$(BIN)/python -m demo $(DATA)

test: setup  ## Run the tests
	@$(BIN)/python -m pytest -n auto

check: setup $(LEAN)/.ready  ## Lint, types, layers, documents up to date, lean base
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python -m features.contract.document --check docs/contract.md
	@$(LEAN)/bin/python -c 'import audit_yield, features, models, serving'

$(LEAN)/.ready: requirements-lean.lock pyproject.toml
	@test -x $(LEAN)/bin/python || $(PYTHON) -m venv $(LEAN)
	@$(LEAN)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-lean.lock
	@touch $@

fix: setup  ## Format, mend what can be mended, write the generated documents
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .
	@$(BIN)/python -m features.contract.document docs/contract.md
