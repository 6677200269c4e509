# Two commands from a bare clone: `make run` and `make test`. Each sets up what it needs, once.
PYTHON ?= python3
DATA ?=
KCS ?= ../shared/data/kcs
BIN := .venv/bin
LEAN := .venv-lean/bin
CLIENTS := .venv-clients/bin
WORKERS := $(shell echo $$(( $$(getconf _NPROCESSORS_ONLN) + 1 )))
TESTS := -m pytest --numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder
INSTALL := -m pip install --quiet --disable-pip-version-check
SBOM := $(BIN)/cyclonedx-py environment --pyproject pyproject.toml --output-reproducible --short-PURLs

# Kept compiled, our modules load sooner in the many processes of a test run.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup spark run run-kcs test test-long test-spark coverage torture check fix bench pictures docs lock sbom

help:  ## Show what can be made
	@sed -nE 's/^([a-z-]+):.*## /\1\t/p' Makefile | expand -t 10

setup: .venv/.ready  ## Make the virtual environment; every target that needs it does so by itself

.venv/.ready: requirements.lock pyproject.toml hatch_build.py models/treeshap/kernel.c
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo 'Python 3.11 or later is needed: make PYTHON=/path/to/python3.11 …'; exit 1; }
	@echo 'Setting up .venv: about two minutes, once.'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python $(INSTALL) --require-hashes --requirement requirements.lock
	@$(BIN)/python $(INSTALL) --no-deps --no-build-isolation --editable .
	@$(BIN)/python -c 'from models.treeshap import compiled; compiled.library() or print(compiled.SLOWER)'
	@touch $@

.venv-lean/.ready: requirements-lean.lock
	@echo 'Setting up .venv-lean, to prove that the lean base is enough: about a minute, once.'
	@test -x $(LEAN)/python || $(PYTHON) -m venv .venv-lean
	@$(LEAN)/python $(INSTALL) --require-hashes --requirement requirements-lean.lock
	@touch $@

.venv-clients/.ready: requirements-clients.lock
	@echo 'Setting up .venv-clients, which makes a client of the service for its tests: ten seconds, once.'
	@test -x $(CLIENTS)/python || $(PYTHON) -m venv .venv-clients
	@$(CLIENTS)/python $(INSTALL) --require-hashes --requirement requirements-clients.lock
	@touch $@

run: setup  ## From nothing to the auditor's page: simulate, train, score, serve; make run DATA=folder takes your own
	@$(BIN)/audit-yield run $(if $(DATA),'$(DATA)')

run-kcs: setup  ## Try published declarations of Korea's customs: labels are a proxy, the leak alarm goes off; KCS=folder of their files
	@test -e '$(KCS)/train.csv' || { echo 'There is no $(KCS)/train.csv: KCS=folder says where the files are, docs/systems.md what they are.'; exit 2; }
	@test -e kcs/data || $(BIN)/audit-yield import kcs '$(KCS)'/train.csv '$(KCS)'/valid.csv '$(KCS)'/test.csv kcs/data
	@AUDIT_YIELD_HOME=kcs/mlruns $(BIN)/audit-yield run kcs/data

test: setup .venv-clients/.ready  ## Run the tests
	@$(BIN)/python $(TESTS)

test-long: setup  ## Run the tests that take long: every example of the pages, all planted leaks, large files
	@$(BIN)/python $(TESTS) -m long

coverage: setup .venv-clients/.ready  ## Run the tests and say which branches none of them takes, also as htmlcov/index.html; about twice as long
	@rm -f .coverage .coverage.*
	@$(BIN)/coverage run $(TESTS) -m ''
	@$(BIN)/coverage combine --quiet
	@$(BIN)/coverage html --quiet
	@$(BIN)/coverage report

torture: setup .venv-clients/.ready  ## Run the tests at length: thousands of cases, dozens of kills; some hours
	@AUDIT_YIELD_TORTURE=1 $(BIN)/python $(TESTS) -m ''

check: setup .venv-lean/.ready  ## Lint, types, layers, documents up to date, the site, lean base
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python docs/write.py --check
	@$(LEAN)/python tests/lean_imports.py
	@$(MAKE) --no-print-directory docs

fix: setup  ## Format, mend what can be mended, write the generated documents
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .
	@$(BIN)/python docs/write.py

bench: setup  ## Run the benchmarks and make one table of ratios, ours to peers of the same run; make bench QUICK=1 takes small sizes
	@$(BIN)/python -P benchmarks/run.py $(if $(QUICK),--quick)

pictures: setup  ## Draw the pictures of the documents anew, from the demo, the champion and a service
	@$(BIN)/python -P docs/pictures/draw.py demo/data --as-of 2025-01-01

docs: setup  ## Build the site of the documents into site/, every link checked: open site/index.html
	@$(BIN)/sphinx-build --quiet --fail-on-warning --keep-going --fresh-env -c docs -d site/.doctrees . site

spark: setup  ## Add Spark to .venv, for tables that stand there; it needs Java 17
	@$(BIN)/python $(INSTALL) --require-hashes --requirement requirements-spark.lock

test-spark: spark  ## Run the tests of Spark, which are skipped where it is not: the commands give there what they give on files
	@$(BIN)/python -m pytest tests/e2e/test_spark.py

lock: setup  ## Resolve the dependencies anew into the four hash-pinned lock files
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	  pyproject.toml --extra training --extra postgres --group dev --group docs --output-file requirements.lock
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	  pyproject.toml --constraints requirements.lock --output-file requirements-lean.lock
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	  pyproject.toml --extra spark --constraints requirements.lock --output-file requirements-spark.lock
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	  --group clients --output-file requirements-clients.lock

sbom: setup .venv-lean/.ready  ## List what is installed, with licences, as CycloneDX: sbom/development.json, and sbom/serving.json of what serves
	@mkdir -p sbom
	@$(SBOM) --output-file sbom/development.json $(BIN)/python
	@$(SBOM) --output-file sbom/serving.json $(LEAN)/python
