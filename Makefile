# Needs Python 3.11+, make and a network that reaches PyPI; nothing else.
PYTHON ?= python3
BIN := .venv/bin
# Modules are compiled when they are first imported; most of the packages' never are.
PIP := $(BIN)/python -m pip install --quiet --no-compile --disable-pip-version-check -c constraints.txt
# One thread for each test process; the workers use the processors.
PYTEST := OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses logical --maxprocesses 4 --dist loadfile
# `make test-fast` runs the tests of these; they start few processes and train nothing large.
FAST := tests/data tests/losses tests/models tests/benchmarks/config tests/benchmarks/measurement tests/benchmarks/schema \
	tests/benchmarks/store tests/benchmarks/test_layering.py
# Modules compiled once serve the many processes of a run.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help benchmark test test-fast pytest lint types format docs reference setup clean

help:  ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

benchmark: .venv/base  ## run the quick suite on the packaged data and weights
	$(BIN)/python -m benchmarks run --all

test: lint types pytest  ## lint, types and all tests: what a change must pass

test-fast: setup  ## a subset of the tests, in less than a minute
	$(PYTEST) -m "not alone" --ignore tests/models/cuda $(FAST)

pytest: .venv/tests  ## all tests
	$(PYTEST) --no-loadscope-reorder -m "not alone"
	$(BIN)/python -m pytest -m alone

lint: setup  ## formatting, lint rules, spelling
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/codespell

types: setup  ## mypy, strict
	$(BIN)/mypy

format: setup  ## format, and repair what ruff can repair
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: setup  ## build the documentation in build/site; a warning is an error
	$(BIN)/python -m mkdocs build --strict

reference: setup  ## write docs/reference/ from the code
	$(BIN)/python docs/generate.py

setup: .venv/installed  ## prepare .venv with the pinned versions

.venv/base: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed: make PYTHON=python3.11")'
	$(PYTHON) -m venv .venv
	$(PIP) torch
	$(PIP) -e '.[offline,static]'
	touch $@

.venv/installed: .venv/base
	$(PIP) -e '.[dev]'
	touch $@

.venv/tests: .venv/installed
	$(PIP) -e '.[engines,examples,excel,explain,export,ray,tune]'
	touch $@

clean:  ## remove .venv and everything that was built
	rm -rf .venv build *.egg-info
