# Two commands set everything up: `make run` and `make test`.
PYTHON ?= python3
BIN := .venv/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

.PHONY: run test soak lint bench bench-full up clean

run: .venv/app
	$(BIN)/seqstep run

# Two files at a time, for much of a test is waiting for a server.
PYTEST := $(BIN)/python -m pytest --numprocesses 2 --dist loadfile

test: .venv/dev
	$(PYTEST)

soak: .venv/dev
	$(PYTEST) -m soak --session-timeout 7200

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
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

.venv/app: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(INSTALL) --editable .
	touch $@

.venv/dev: .venv/app
	$(INSTALL) --editable '.[dev]'
	touch $@
