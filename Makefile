# `make run` starts Bothways; `make test` is what CI runs. Everything else is listed by `make help`.

PYTHON ?= python3
UV ?= uv
VENV := .venv
BIN := $(VENV)/bin
SHELL := /bin/sh
# Keyed on content, not on times: a fresh checkout of the same lock installs nothing again.
key = $(shell cat pyproject.toml $(1) | sha256sum | cut -c1-16)
RUN := $(VENV)/.run-$(call key,requirements-run.lock)
DEV := $(VENV)/.dev-$(call key,requirements.lock)

.PHONY: help run test lint types contracts templates dockerfile packages demo bench prove image lock strings format clean

help:  ## Show this list
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 12

run: $(RUN)  ## Start Bothways on http://localhost:8000 (BOTHWAYS_* in the environment change that)
	@exec $(BIN)/bothways serve

test: packages $(DEV) lint types contracts templates dockerfile  ## All checks and all tests, on SQLite and PostgreSQL, in a real browser
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest -n 2 --dist loadgroup tests/vault tests/consent
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report --fail-under=100
	$(BIN)/python -m pytest -n 3 --dist loadgroup --ignore tests/vault --ignore tests/consent

lint: $(DEV)
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: $(DEV)
	$(BIN)/mypy

contracts: $(DEV)
	$(BIN)/lint-imports --no-logo

templates: $(DEV)
	$(BIN)/djlint app --lint --quiet

dockerfile: $(DEV)
	$(BIN)/hadolint Dockerfile

# What the tests need beside Python: a browser, a database server, and the program that opens sealed exports.
packages:
	@missing=""; \
	command -v chromium >/dev/null || missing="chromium"; \
	command -v age >/dev/null || missing="$$missing age"; \
	ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || missing="$$missing postgresql"; \
	if [ -n "$$missing" ]; then \
	    as=""; [ "$$(id -u)" = 0 ] || as="sudo"; \
	    echo "The tests need Debian packages that are absent; installing with $$as apt-get: $$missing"; \
	    $$as apt-get update --quiet && $$as env DEBIAN_FRONTEND=noninteractive apt-get install --quiet --yes --no-install-recommends $$missing; \
	fi

demo: $(RUN)  ## Start a demo instance: one owner, three vendors, test contact links
	@exec $(BIN)/bothways demo

bench: $(DEV)  ## Timings beside their bare cost: BENCH <name> <ratio> <target> holds|short
	@exec $(BIN)/python -m tests.bench

prove: packages $(DEV)  ## The slow proofs in full: PROVED <name> <count>
	@exec $(BIN)/python -m tests.prove

image:  ## Build the container image with buildah, run it once, look at it
	@exec sh .ci/image

lock:  ## Choose the newest versions and write both lock files (needs uv)
	$(UV) pip compile --upgrade --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url --no-emit-find-links \
	    pyproject.toml --all-extras --group dev --output-file requirements.lock --quiet
	$(UV) pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url --no-emit-find-links \
	    pyproject.toml --all-extras --group build --constraint requirements.lock --output-file requirements-run.lock --quiet

strings: $(DEV)  ## Collect the words of the pages into app/locale
	$(BIN)/pybabel --quiet extract --mapping-file app/babel.cfg --output-file app/locale/bothways.pot --project Bothways --copyright-holder "the Bothways authors" \
	    --no-location --sort-output --omit-header --keyword lazy app

format: $(DEV)  ## Put the code in order
	$(BIN)/ruff check --fix-only --quiet
	$(BIN)/ruff format

clean:  ## Remove the environment and what tools left; data and state stay
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage .coverage.* htmlcov build dist *.egg-info

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Bothways needs Python 3.11 or newer; name one with: make PYTHON=/path/to/python3 $(MAKECMDGOALS)"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "This Python cannot make environments. On Debian and Ubuntu: sudo apt-get install python3-venv"; exit 1; }
	@$(PYTHON) -m venv $(VENV)

# Every file is checked against the hash in the lock; the build backend is one of them, so nothing else is fetched.
define install
	@echo "Installing from $(1) (once; then only when it changes)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement $(1)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@rm -f $(VENV)/.$(2)-*
	@touch $@
endef

$(RUN): | $(BIN)/python
	$(call install,requirements-run.lock,run)

$(DEV): | $(BIN)/python
	$(call install,requirements.lock,dev)
