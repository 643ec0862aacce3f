# Everything for users and developers of tap-incident. Needs make and Python 3.10 or newer; `make help` lists it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# Apart, since the linters need a jsonschema that the tap can't have.
LINT := .lint
# dbt, which builds what is in models/, apart since it brings more than all the rest.
DBT := .dbt
# Two workers more than cores: many tests wait for a process or an answer.
WORKERS = $(shell $(PYTHON) -c 'import os; print(2 + (os.cpu_count() or 1))')
PARALLEL = --numprocesses $(WORKERS) --dist worksteal

# Compiled tests are kept, whatever the environment says: to compile them takes a fifth of the time of all tests.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup run test test-quick thorough soak e2e lint lint-files format models report docs dist bench facts schemas schema-drift \
	clean
.PHONY: smoke

#: Start here
help:  ## list these targets
	@awk -F ':.*## ' '/^#: / {printf "\n%s\n", substr($$0, 4)} /^[a-z0-9-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY)  ## make the virtual environment .venv with the tap and all that its development needs

$(READY): setup.py pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10) and "tap-incident needs Python 3.10 or newer: make PYTHON=python3.11 ...")'
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { echo "Python's venv is missing: on Debian or Ubuntu, apt install python3-venv" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

run: $(READY)  ## sync into output/: with config.json from incident.io, without it from a bundled sample organisation
	@$(BIN)/python -m tools.run

#: Test
test: $(READY)  ## run all tests except make e2e, in parallel; one folder: make test ARGS=tests/runs
	$(BIN)/python -m pytest $(PARALLEL) $(if $(ARGS),,-m 'not slow') $(ARGS)

test-quick: $(READY)  ## run the unit tests, in seconds
	$(BIN)/python -m pytest $(PARALLEL) tests/unit $(ARGS)

smoke: $(READY) $(DBT)/.ready  ## load an interrupted run and its resumption into PostgreSQL and DuckDB, and make the report once
	$(BIN)/python -m pytest -rs -m smoke tests/e2e $(ARGS)

soak: $(READY)  ## run random sequences of runs against a model, as long as wanted: make soak SECONDS=600 SEED=1
	@$(BIN)/python -m tests.soak --seconds $(or $(SECONDS),600) --seed $(or $(SEED),1)

e2e: $(READY)  ## load into real targets, run the guides, and the slow tests; one file: make e2e ARGS=tests/e2e/test_sql.py
	$(BIN)/python -m pytest -rs $(or $(ARGS),tests/e2e)
	$(if $(ARGS),,$(BIN)/python -m pytest $(PARALLEL) -m slow)

thorough: $(READY)  ## run the tests that sample their work, and the generated ones, at full length (many minutes)
	THOROUGH=1 $(BIN)/python -m pytest $(PARALLEL) -m "thorough or hypothesis" $(ARGS)

#: Check and format
lint: $(READY)  ## check style, types and the order of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

lint-files: $(LINT)/.ready  ## check the Dockerfile, the shell script and the YAML files
	$(LINT)/bin/hadolint Dockerfile
	$(LINT)/bin/shellcheck examples/*.sh
	$(LINT)/bin/yamllint --strict .github examples meltano
	$(LINT)/bin/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml examples/github-actions*.yml
	$(LINT)/bin/check-jsonschema --builtin-schema vendor.dependabot .github/dependabot.yml
	$(LINT)/bin/zizmor --offline --quiet .github examples/github-actions*.yml

$(LINT)/.ready: tools/lint-files.txt
	$(PYTHON) -m venv $(LINT)
	$(LINT)/bin/pip install --quiet --disable-pip-version-check --requirement $<
	@touch $@

$(DBT)/.ready: tools/dbt.txt
	$(PYTHON) -m venv $(DBT)
	$(DBT)/bin/pip install --quiet --disable-pip-version-check --requirement $<
	@touch $@

# What a reader chooses (PERIOD, FROM, TO, TZ, TEAM, BY, NAMES, NIGHT, DB) comes through the environment: see docs/report.md.
report: $(DBT)/.ready  ## write output/report.html, report.md and message.txt from what make run wrote, or: make report DB=file.duckdb
	@$(DBT)/bin/python -m tools.report

models: $(DBT)/.ready  ## build the tables of models/ from what make run has written, and test them (see models/README.md)
	$(DBT)/bin/dbt build --project-dir models --profiles-dir models --vars "{incident_files: '$(CURDIR)/output'}"

format: $(READY)  ## put the code into its standard layout
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

#: Write from the code
docs: $(READY)  ## write all text that is made from the code: tables in docs/, columns, files for Meltano, dbt and DuckDB
	@$(BIN)/python -m tools.docs

#: Release
dist: $(READY)  ## build the sdist and the wheel into dist/, and check what a package index would show of them
	rm -rf build dist
	$(BIN)/python -m build --no-isolation
	$(BIN)/twine check --strict dist/*

bench: $(READY)  ## measure speed, requests and memory against their limits (some minutes)
	@$(BIN)/python -m tools.bench $(ARGS)

#: Follow the API
facts: $(READY)  ## write what the stand-in serves anew from the API's newest document, or: make facts SPEC=openapi.json
	@$(BIN)/python -m tools.facts $(if $(SPEC),"$(SPEC)")

schemas: $(READY)  ## write what schemas/ lacks of tests/fake_api/facts.json: new properties, and the files of new streams
	@$(BIN)/python -m tools.schemas

schema-drift: $(READY)  ## compare schemas and streams with the API's newest document, or: make schema-drift SPEC=openapi.json
	@$(BIN)/python -m tools.schema_drift $(if $(SPEC),"$(SPEC)")

clean:  ## remove all that these targets have made, but not your configuration
	rm -rf $(VENV) $(LINT) $(DBT) models/target models/logs build dist output bench .e2e *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
