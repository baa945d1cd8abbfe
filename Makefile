# Two commands set everything up: `make run` and `make test`; docs/testing.md says what the others are for.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check
LOCKED := $(PIP) install --require-hashes --no-deps
# Which file of torch is right depends on the machine: CONTRIBUTING.md says how to name one.
TORCH ?= --requirement requirements/torch.txt
PYTEST := $(BIN)/python -m pytest --numprocesses 2

.PHONY: run test test-rest test-all test-versions soak lint bench bench-full lock outdated up clean

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

# One room of the soak, or all; goes on where it was broken off.
soak: .venv/dev
	$(PYTEST) --dist loadfile -m soak --room=$(or $(ROOM),all) tests/soak tests/e2e tests/flows

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

.venv/app: pyproject.toml requirements/app.txt requirements/build.txt requirements/torch.txt
	$(PYTHON) -m venv .venv
	$(LOCKED) --requirement requirements/app.txt --requirement requirements/build.txt
	$(PIP) install $(TORCH)
	$(PIP) install --no-deps --no-build-isolation --editable .
	$(PIP) check
	touch $@

.venv/dev: .venv/app requirements/dev.txt
	$(LOCKED) --requirement requirements/dev.txt
	$(PIP) check
	touch $@

# Writes the locks of dependencies anew; NEWER names those that are to be newer.
lock: .venvs/lock
	.venvs/lock/bin/python requirements/lock.py $(NEWER)

# Tells which of the locked releases were withdrawn, and which have newer ones; fails for the former.
outdated: .venvs/lock
	.venvs/lock/bin/python requirements/lock.py --check

.venvs/lock: requirements/lock.txt
	$(PYTHON) -m venv $@
	$@/bin/python -m pip --quiet --disable-pip-version-check install --require-hashes --no-deps --requirement requirements/lock.txt
	touch $@
