# Every target does the set-up it needs and is quick when nothing has changed.
PYTHON ?= python3
BIN := .venv/bin
RUN_STAMP := .venv/run.stamp
DEV_STAMP := .venv/dev.stamp

.PHONY: run demo test check bench bench-ledger docs format lock clean

run: $(RUN_STAMP)  ## serve on 127.0.0.1:8088, data in ./.guerdon
	@exec $(BIN)/guerdon serve

demo: $(RUN_STAMP)  ## play a shop's day and watch the reference events arrive; CI=1 for plain text
	@$(BIN)/guerdon demo $(if $(CI),--plain)

test: check  ## lint, types, import contracts, tests
	@$(BIN)/python -m pytest

check: $(DEV_STAMP)  ## lint, types, import contracts
	@$(BIN)/ruff format --check --quiet . || { echo "run: make format"; exit 1; }
	@$(BIN)/ruff check --quiet .
	@$(BIN)/python tools/lint
	@$(BIN)/lint-imports > .venv/imports.txt || { cat .venv/imports.txt; exit 1; }
	@$(BIN)/basedpyright > .venv/types.txt || { cat .venv/types.txt; exit 1; }
	@echo "check: format, lint, own rules, import contracts and types are clean"

bench: $(DEV_STAMP)  ## measurements, as ratios against limits taken in the same run
	@$(BIN)/python bench

bench-ledger: $(DEV_STAMP)  ## 50,000 events to 50 bad endpoints while everything is killed: recorded = delivered + given up
	@PYTHONPATH=tests $(BIN)/python bench/ledger.py

format: $(DEV_STAMP)
	@$(BIN)/ruff format --quiet .
	@$(BIN)/ruff check --fix --quiet .

docs: $(DEV_STAMP)  ## write the reference pages that are made from the code
	@$(BIN)/python tools/docs

lock: $(DEV_STAMP)  ## write the lock files again after a change of pyproject.toml
	@requirements/lock

clean:
	rm -rf .venv .guerdon

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Guerdon needs Python 3.11 or later")'
	@echo "making .venv"
	@$(PYTHON) -m venv .venv

$(RUN_STAMP): requirements/demo.lock pyproject.toml | .venv/bin/python
	@echo "installing requirements/demo.lock"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/demo.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(DEV_STAMP): requirements/dev.lock $(RUN_STAMP)
	@echo "installing requirements/dev.lock"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.lock
	@touch $@
