# Two commands set everything up: `make run` and `make test`; docs/testing.md says what the others are for.
PYTHON ?= python3
BIN := .venv/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt
PYTEST := $(BIN)/python -m pytest --numprocesses 2

.PHONY: run test test-rest test-all test-versions soak lint bench bench-full up clean

run: .venv/app
	$(BIN)/seqstep run

# The domain, the stages, the mechanism, and one run of each flow.
test: .venv/dev
	$(PYTEST) --dist worksteal -m "not thorough and not soak" --cov --cov-report term:skip-covered

# What takes servers, processes or long.
test-rest: .venv/dev
	$(PYTEST) --dist loadfile -m "thorough and not soak"

test-all: test test-rest

# The quick ones with the oldest and the newest Prefect, MLflow and torch that are allowed.
test-versions: .venv/dev
	$(BIN)/python tests/versions.py

# One room of tests/soak, or all; goes on where it was broken off.
soak: .venv/dev
	$(PYTEST) --dist loadfile -m soak --room=$(or $(ROOM),all) tests/soak

lint: .venv/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: .venv/dev
	$(BIN)/python -m benchmarks

bench-full: .venv/dev
	$(BIN)/python -m benchmarks --full

up: .venv/app
	$(BIN)/seqstep up

clean:
	rm -rf .venv .venvs .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage .soak

.venv/app: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(INSTALL) --editable .
	touch $@

.venv/dev: .venv/app
	$(INSTALL) --editable '.[dev]'
	touch $@
