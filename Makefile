# `make benchmark` and `make test` need Python 3.11+, make and a network that reaches PyPI; nothing else.
PYTHON ?= python3
BIN := .venv/bin
# Modules compiled once serve the many processes of a run.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: benchmark test setup lint types clean

benchmark: setup  ## run every model x loss on the packaged data and weights
	$(BIN)/python -m benchmarks run --all

test: lint types .venv/tests  ## lint, types and tests
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -m "not alone" --numprocesses logical --maxprocesses 4 --dist loadfile --no-loadscope-reorder
	$(BIN)/python -m pytest -m alone

lint: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: setup
	$(BIN)/mypy

setup: .venv/installed  ## prepare .venv with the pinned versions

.venv/installed: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed: make PYTHON=python3.11")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt torch
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[offline,dev]'
	touch $@

.venv/tests: .venv/installed  ## the extras that users choose and the tests try
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[examples,explain,export,ray]'
	touch $@

clean:
	rm -rf .venv build *.egg-info
