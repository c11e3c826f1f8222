# Everything the project does, on a machine that has Python 3.11+ and make.
# `make demo` and `make test` create their own .venv from requirements.lock. Another Python gets a .venv of its own
# beside it: `make test PYTHON=python3.13` uses .venv-3.13.

PYTHON ?= python3
VERSION = $(shell $(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])')
VENV := $(if $(filter python3,$(PYTHON)),.venv,.venv-$(VERSION))
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: demo test test-postgres quick engine pairs check lint types layers matrix planted trust bench snapshots docs wheel lock clean help

help: ## what can be made
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' Makefile

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("dropcopy needs Python 3.11 or newer, this is " + sys.version.split()[0]) if sys.version_info < (3, 11) else None'
	@echo "Setting up $(VENV), once: this takes about a minute ..."
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $(READY)

demo: $(READY) ## open the application on a sandbox store with sample data
	@$(BIN)/dropcopy demo

test: $(READY) ## run the tests
	$(BIN)/python -m pytest -n auto --dist loadgroup

# `make test` has what only PostgreSQL does; this runs the services' and the store's tests on it as well.
POSTGRES := tests/postgres tests/screens/test_live.py tests/services tests/store/test_glance.py tests/store/test_paging.py tests/store/test_search.py

test-postgres: $(READY) ## run the tests of services and store on a PostgreSQL server
	$(BIN)/python -m pytest -n auto --engine postgres $(POSTGRES)

# Every unit, every screen once, and the whole main job in a terminal: what differs between versions of Python shows here.
QUICK := tests/unit tests/screens/test_frame.py tests/screens/test_snapshots.py tests/e2e/test_main_job.py tests/e2e/test_wheel.py

quick: $(READY) ## run the quick part of the tests
	$(BIN)/python -m pytest -n auto $(QUICK)

# The tests themselves try a sample in which every screen and every dialog is.
pairs: $(READY) ## every screen below every other while someone else acts (half an hour on two cores)
	DROPCOPY_ALL_PAIRS=1 $(BIN)/python -m pytest -n auto tests/screens/test_others.py -k a_pair

# The tests themselves try a sample, in which every terminal and every depth of colour is.
matrix: $(READY) ## 12 terminals x 4 depths of colour x 4 sizes x 2 sets of glyphs, tmux and screen (half an hour)
	DROPCOPY_MATRIX=1 $(BIN)/python -m pytest -n auto tests/e2e/test_terminal_matrix.py

# Built from source for some minutes. Without it, the tests with a real FIX engine are skipped and counted.
engine: $(READY) ## build QuickFIX, the real FIX engine of the tests
	$(BIN)/python -c 'import quickfix' 2>/dev/null || $(BIN)/python -m pip install --quiet --disable-pip-version-check quickfix==1.16.0

lint: $(READY) ## format and lint
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(READY) ## mypy --strict
	$(BIN)/mypy

layers: $(READY) ## the floors of the house (import-linter)
	$(BIN)/lint-imports

check: lint types layers test ## everything that must be green

planted: $(READY) ## plant 64 bugs, one by one, and see the tests catch each (a quarter of an hour)
	$(BIN)/python -m tests.planted

# Writes what came of it into tests/trust/results.jsonl, from which the table in SECURITY.md is made.
trust: $(READY) ## try every promise of SECURITY.md in large numbers (50 minutes on two cores)
	$(BIN)/python -m tests.trust --keep
	$(BIN)/python -m tests.documents

bench: $(READY) ## print the table of speed and memory
	$(BIN)/python -m tests.bench

snapshots: $(READY) ## accept the screens as they are now
	$(BIN)/python -m pytest tests/screens/test_snapshots.py --snapshot-update

docs: $(READY) ## make the documents from the code: reference, tutorial, man pages
	$(BIN)/python -m tests.documents

wheel: $(READY) ## build the wheel and the source archive into dist
	$(BIN)/python -m hatchling build

COMPILE := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --custom-compile-command "make lock"

lock: ## pin every dependency anew (needs uv)
	$(COMPILE) --extra dev -o requirements.lock pyproject.toml
	$(COMPILE) --extra postgres --constraint requirements.lock -o runtime.lock pyproject.toml

clean: ## remove what was made here
	rm -rf .venv .venv-* .mypy_cache .ruff_cache .import_linter_cache build dist
