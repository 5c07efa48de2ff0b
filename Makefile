# run · install · test · check · bench · release · lock: the same commands for people and for CI.
SHELL := /bin/bash
.SHELLFLAGS := -o pipefail -c
PYTHON ?= python3
ARGS ?=
BIN := .venv/bin

# Everything that is not the result goes to standard error: `make run ARGS=--headless | jq` must work.
COUNT := awk '/^(Collecting|Requirement already)/ {n++; printf "\r  %d packages", n} /^(Downloading|  Downloading)/ {printf "\r  %d packages, downloading", n} /^Installing/ {printf "\r  %d packages, installing…          ", n} END {print ""} {fflush()}' >&2

.PHONY: run install test check bench release lock clean
.NOTPARALLEL:

## run: set up what is missing and run everything on this machine (ARGS="--for 60s --headless" are passed on)
run: install
	@$(BIN)/stellwerk up $(ARGS)

## install: Python packages into .venv, Apache Kafka into .stellwerk
install: .venv/installed
	@$(BIN)/stellwerk install

## test: all tests, with a real broker
test: .venv/installed-dev
	@$(BIN)/stellwerk install
	@$(BIN)/pytest -n 2 --dist loadfile $(ARGS)

## check: style, types, and the direction between the rooms
check: .venv/installed-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

## bench: speed and memory as ratios; writes benchmarks/results/
bench: install
	@$(BIN)/python -m benchmarks.run $(ARGS)
	@$(BIN)/python -m benchmarks.ingest
	@$(BIN)/python -m benchmarks.classify
	@$(BIN)/python -m benchmarks.rules
	@$(BIN)/python -m benchmarks.routing

## release: wheel, sdist, list of parts and image into dist/, tried in a fresh environment
release: .venv/installed-dev
	@deploy/release.sh

## lock: pin all packages anew, with hashes
lock: .venv/installed-dev
	@$(BIN)/pip install -q uv
	@export UV_CUSTOM_COMPILE_COMMAND="make lock"; \
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes pyproject.toml --all-extras --group build -o requirements.lock; \
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes pyproject.toml --all-extras --group build --group dev -c requirements.lock -o requirements-dev.lock; \
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes benchmarks/peers/newsplease/requirements.in -o benchmarks/peers/newsplease/requirements.txt

clean:
	rm -rf .venv .stellwerk

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { echo "error: Python 3.11 or newer is needed; set PYTHON=/path/to/python3.11" >&2; exit 1; }
	@$(PYTHON) -m venv .venv || { echo "error: cannot make .venv (Debian: apt install python3-venv)" >&2; exit 1; }

.venv/installed: requirements.lock pyproject.toml | .venv/bin/python
	@echo "Python packages (once):" >&2
	@$(BIN)/pip install --disable-pip-version-check --require-hashes -r requirements.lock | $(COUNT)
	@$(BIN)/pip install --disable-pip-version-check -q --no-deps --no-build-isolation -e . >&2
	@touch $@

.venv/installed-dev: requirements-dev.lock .venv/installed
	@echo "Python packages for development (once):" >&2
	@$(BIN)/pip install --disable-pip-version-check --require-hashes -r requirements-dev.lock | $(COUNT)
	@touch $@
