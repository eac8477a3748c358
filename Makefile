# `make demo` and `make test` work on a bare machine with Python >= 3.11 and make; both install into .venv alone.
# Another interpreter: `make demo PYTHON=python3.12`.

PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --no-input --disable-pip-version-check

.PHONY: demo test test-all proofs bench cross-validation check format setup clean help
.DEFAULT_GOAL := help

help:
	@echo 'make demo      a whole line in small: generated straws through all of it, and a table of what became of each'
	@echo 'make test      every test but the full matrix of kills (installs torch)'
	@echo 'make check     lint, format, types, floors'
	@echo 'make test-all  test, then proofs'
	@echo 'make proofs    kills and stops every worker at every step; the table is build/proofs.yaml'
	@echo 'make bench     the benchmarks of tools/'
	@echo 'make cross-validation SET=magnetic_tile DATA=FOLDER [WEIGHTS=FILE] [SEED=2]'
	@echo '               train and measure on a public set in FOLDER/SET, fold by fold; hours, Ctrl-C and again goes on'
	@echo 'make setup     what developing needs, and the pre-commit hook'
	@echo 'make format    correct what ruff can'
	@echo 'make clean     remove .venv and what was built'

demo: .venv/.installed-to-run
	$(BIN)/edge-inspector demo

# Two at a time where nothing depends on when; the others one after the other, on a computer that they have to themselves.
TIMELESS := $(addprefix tests/,$(addprefix cli/test_,train.py dataset.py dataset_training_file.py engine_packages.py check.py init.py \
  parts.py parts_show.py) decision domain geometry imaging inference journal line records recordings rejudging station synthesis tools training) \
  $(wildcard tests/capture/test_*.py)

test: .venv/.installed-to-develop
	OMP_NUM_THREADS=1 $(BIN)/pytest -n 2 --dist loadfile edge_inspector $(TIMELESS)
	$(BIN)/pytest tests $(addprefix --ignore=,$(TIMELESS))

test-all: test proofs

proofs: .venv/.installed-to-develop
	mkdir -p build
	EDGE_INSPECTOR_PROOFS=full EDGE_INSPECTOR_PROOFS_TABLE=build/proofs.yaml $(BIN)/pytest -s -m proof tests/daemon

bench: .venv/.installed-to-develop
	set -e; for script in tools/bench_*.py; do $(BIN)/python "$$script"; done

cross-validation: .venv/.installed-to-develop
	@test -n "$(SET)" -a -n "$(DATA)" || { echo 'say which set and where: make cross-validation SET=magnetic_tile DATA=FOLDER' >&2; exit 1; }
	$(BIN)/edge-inspector train docs/examples/training/$(SET).yaml --all --every-fold --no-cut-fold --side-by-side 2 --set $(DATA)/$(SET) \
	  $(if $(WEIGHTS),--weights $(WEIGHTS)) $(if $(SEED),--seed $(SEED)) --out build/cross-validation/$(SET)$(if $(SEED),-seed-$(SEED))

check: .venv/.installed-to-develop
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: .venv/.installed-to-develop
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

setup: .venv/.installed-to-develop
	if [ -d .git ]; then $(BIN)/pre-commit install; fi

clean:
	rm -rf .venv build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "$(PYTHON) is missing or older than 3.11: install a newer one, and name it: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; \
	  exit 1; }
	@$(PYTHON) -m venv .venv || { \
	  rm -rf .venv; \
	  echo "$(PYTHON) can make no virtual environment: on Debian and Ubuntu, apt install python3-venv" >&2; \
	  exit 1; }

.venv/.installed-to-run: pyproject.toml | $(BIN)/python
	@echo 'installing edge-inspector into .venv (about 500 MB, once)'
	$(PIP) -e .
	@touch $@

# torch first and by itself: asked for together with the rest, pip may choose a newer one, with gigabytes of CUDA
.venv/.installed-to-develop: pyproject.toml constraints.txt | $(BIN)/python
	@echo 'installing edge-inspector with torch and test tools into .venv (about 1.5 GB, once)'
	$(PIP) -c constraints.txt torch
	$(PIP) -c constraints.txt -e '.[train,dev]'
	@touch $@ .venv/.installed-to-run
