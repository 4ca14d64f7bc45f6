# `make demo` runs the main job, `make test` passes the tests. Each target first installs what it
# needs into .venv, in the exact versions of constraints.txt, unless that has been done before.

PYTHON ?= python3
VENV ?= .venv
PYTEST_ARGS ?=
# A file of tests stays in one process, as its fixtures are shared.
WORKERS ?= auto
# Of `make soak` and `make fuzz`.
MINUTES ?= 60
BENCH ?= $(addprefix bench/,protocol_speed.py speed_of_light.py peer.py scaling.py start.py)

BIN := $(VENV)/bin
PYTEST := $(BIN)/python -m pytest
INPUTS := pyproject.toml constraints.txt
WITH_BENCH := .[dev,bench]
WITH_FUZZ := .[dev,fuzz]
SUPPORTED := (3, 11) <= sys.version_info[:2] < (3, 15)

.DEFAULT_GOAL := help
.PHONY: help demo test test-long check lint types imports docs test-nojit check-bounds soak soak-share fuzz
.PHONY: warm without-kernels bench clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1\t\2/p' Makefile | expand -t 18

demo: $(VENV)/.daily ## train a small network and read it as formulas
	$(BIN)/srnet fit configs/quickstart.yaml
	$(BIN)/srnet explain

test: $(VENV)/.dev ## run the tests, a process per core, but those that are long
	$(PYTEST) -n $(WORKERS) --dist loadfile -m "not long" $(PYTEST_ARGS)

test-long: $(VENV)/.dev ## run the tests that take ten seconds or more each
	$(PYTEST) -n $(WORKERS) --dist loadfile -m long $(PYTEST_ARGS)

check: $(VENV)/.dev ## run every check: ruff, mypy, import-linter, site, tests
	@$(MAKE) --no-print-directory --jobs 2 warm without-kernels
	@$(MAKE) --no-print-directory test soak-share

# The kernels are compiled by one core while the other is busy with what needs none.
warm: $(VENV)/.dev ## compile the kernels
	$(BIN)/srnet warmup --quiet

without-kernels: $(VENV)/.dev ## run the checks that need no compiled kernels
	@$(MAKE) --no-print-directory --jobs 1 lint types imports docs
	@$(MAKE) --no-print-directory test-nojit WORKERS=1

lint: $(VENV)/.dev ## check style and formatting
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.dev ## check types
	$(BIN)/mypy

imports: $(VENV)/.dev ## check that imports go downward only
	$(BIN)/lint-imports

docs: $(VENV)/.dev ## build the documentation as a site, in build/site
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict --quiet

test-nojit: $(VENV)/.dev ## run the kernels' tests without compilation
	NUMBA_DISABLE_JIT=1 $(PYTEST) -n $(WORKERS) --dist loadfile -m nojit $(PYTEST_ARGS)

check-bounds: $(VENV)/.dev ## run the tests with every array index in the kernels checked
	NUMBA_BOUNDSCHECK=1 $(PYTEST) -n $(WORKERS) --dist loadfile -m "not slow" $(PYTEST_ARGS)

soak: $(VENV)/.dev ## attack run folders, signals and readers for MINUTES=60
	$(BIN)/python tests/soak/soak.py --minutes $(MINUTES)

soak-share: $(VENV)/.dev ## the same for a minute, without what is slow to begin
	$(BIN)/python tests/soak/soak.py --minutes 0.7 --quick

fuzz: $(VENV)/.fuzz ## fuzz what reads files, guided by coverage, for MINUTES=60
	$(BIN)/python tests/soak/fuzz/fuzz.py --minutes $(MINUTES)

bench: export SRNET_PUBLISHED_DIR := $(or $(SRNET_PUBLISHED_DIR),$(abspath ../shared/paper))
bench: $(VENV)/.bench ## run the engine's benchmarks, or those of BENCH="bench/one.py ..."
	@for script in $(BENCH); do echo "$$script" && $(BIN)/python $$script || exit 1; done

clean: ## remove .venv and what tools leave behind; data/ and runs/ stay
	rm -rf $(VENV) build dist *.egg-info .coverage* .hypothesis
	rm -rf .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find srnet_cli tests bench -name __pycache__ -type d -prune -exec rm -rf {} +

# $(call install,REQUIREMENT): make a missing or broken .venv, then install into it.
define install
	@$(PYTHON) -c 'import sys; sys.exit(not $(SUPPORTED))' || { \
	  echo "srnet needs Python 3.11 to 3.14, which '$(PYTHON)' is not;" \
	    "name another one: make PYTHON=python3.12" >&2; exit 1; }
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV)
	@echo "installing srnet into $(VENV) (once, a minute or two) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --use-pep517 -c constraints.txt -e '$(1)'
	@touch $@
endef

# With the extras: what the README shows for every day is there after the demo.
$(VENV)/.daily: $(INPUTS)
	$(call install,.[all])
	@echo "compiling the search for this machine (once, two to four minutes) ..."
	@$(BIN)/srnet warmup --quiet

$(VENV)/.dev: $(INPUTS)
	$(call install,.[dev])
	@touch $(VENV)/.daily

$(VENV)/.bench: $(INPUTS)
	$(call install,$(WITH_BENCH))
	@touch $(VENV)/.dev $(VENV)/.daily

$(VENV)/.fuzz: $(INPUTS)
	$(call install,$(WITH_FUZZ))
	@touch $(VENV)/.dev $(VENV)/.daily
