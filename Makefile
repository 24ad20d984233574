# Everything happens in .venv/ of this checkout; PYTHON names an interpreter of 3.11 or newer.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
JOBS ?= auto

.PHONY: compare gpu test slow check wheel clean

compare: $(STAMP)  ## train the methods on the embedded digits, print the table, write the figure
	$(BIN)/gaugecnn study first_comparison --preset digits engine=processes

gpu:  ## what runs on a GPU, and how fast; its environment is made by the script, on top of a torch
	PYTHON=$(PYTHON) bash experiments/gpu/run.sh

test: $(STAMP)  ## the tests that take minutes in all
	$(BIN)/python -m pytest -n $(JOBS)

slow: $(STAMP)  ## the tests that take longer
	$(BIN)/python -m pytest -m slow

check: $(STAMP)  ## lint, types, tests: what CI runs
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -n $(JOBS)

wheel: $(STAMP)  ## dist/gaugecnn-*.whl
	$(BIN)/python -m build --wheel

clean:  ## forget the environment and what was built
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "gaugecnn needs Python 3.11 or newer; try make PYTHON=python3.11"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[dev]'
	@touch $@
