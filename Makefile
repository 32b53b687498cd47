# Every target works from a bare clone with Python 3.11 or newer.
# `make help` lists them. Nothing outside this folder is changed.

PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	  if command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; \
	  then echo $$p; exit; fi; done; echo python3)
VENV := .venv/bin
LAUNCH := $(VENV)/python -m launch
RUN := $(LAUNCH) run --
WORKERS ?= 2
ARGS ?=
LOCK := $(VENV)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-header --no-annotate

MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
.PHONY: help setup engines demo test smoke storm check bench stop memory lock fmt messages clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "make %-9s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

setup: ## Install what the locks name (done by the others when needed)
	@$(PYTHON) -m launch setup

engines: setup ## Start PostgreSQL and Valkey of this checkout
	@$(LAUNCH) engines up

demo: setup ## Run everything with a simulated WeCom corp; DEMO_PORT, DEMO_SIZE
	@exec $(LAUNCH) demo

test: setup ## Run the test suite; ARGS="-k name", WORKERS=2
	@$(LAUNCH) prepare
	@$(RUN) $(VENV)/python -m pytest -n $(WORKERS) $(ARGS)

smoke: setup ## Play a 33-day camp headless; the last line is JSON
	@$(LAUNCH) prepare
	@$(RUN) $(VENV)/python -m smoke $(ARGS)

storm: setup ## Callbacks at a rate while parts are killed with -9; ARGS="--seconds 600"
	@$(LAUNCH) prepare
	@$(RUN) $(VENV)/python -m smoke --storm $(ARGS)

check: setup ## Lint, types, layers, templates, translations, migrations, deployment
	@$(LAUNCH) check

bench: setup ## Measure against the floors; writes benchmarks/results.json
	@$(LAUNCH) prepare
	@$(RUN) $(VENV)/python -m benchmarks $(ARGS)

stop: ## Stop the demo and the engines of this checkout
	@$(PYTHON) -m launch stop

memory: ## Show the demo's resident memory
	@$(PYTHON) -m launch memory

lock: setup ## Renew the locks from requirements/*.in and package.json; ARGS=--upgrade
	@$(LOCK) $(ARGS) requirements/base.in -o requirements/base.txt
	@$(LOCK) $(ARGS) -c requirements/base.txt requirements/dev.in -o requirements/dev.txt
	@$(PYTHON) -m launch npm install --package-lock-only

fmt: setup ## Format Python and templates
	@$(VENV)/ruff check --fix --quiet . || true
	@$(VENV)/ruff format --quiet .

messages: setup ## Collect new strings into locale/ and compile the catalogues
	@$(RUN) $(VENV)/python manage.py messages --update
	@$(RUN) $(VENV)/python manage.py messages --compile

clean: ## Remove what was made here, the demo's data too
	@$(PYTHON) -m launch clean
