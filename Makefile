# Everything a contributor types. `make demo` and `make test` work as the first command after a clone: they make
# their own environment in .venv from the locked requirements, given Python 3.11 or newer.

PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
VENV := .venv
BIN := $(VENV)/bin
CODE := bot commands integrations playground steps tests bench workflow-templates
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps
JOBS ?= 2
# On the bed scenarios mostly wait.
BED_JOBS ?= 3
BED := $(BIN)/python -m tests.bed
# Only from make's own command line: a KUBECONFIG of the shell must never decide where tests write.
ifeq ($(origin KUBECONFIG),command line)
export BED_CLUSTER := existing
export BED_KUBECONFIG := $(abspath $(KUBECONFIG))
unexport KUBECONFIG
endif

.DEFAULT_GOAL := help
.PHONY: help demo run check test test-page test-bed test-facts test-strategies bed bed-down bed-status bed-logs bed-shell bed-run record \
	bench lock templates docs clean

help: ## show this
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(VENV)/made:
	@test -n "$(PYTHON)" || { echo "Slipway needs Python 3.11 or newer with venv; install it or set PYTHON=…"; exit 2; }
	@echo "Making $(VENV) with $(PYTHON)"
	@$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/run: $(VENV)/made requirements/run.txt
	@echo "Installing what Slipway needs to run (once)"
	@$(PIP) -r requirements/run.txt
	@touch $@

$(VENV)/dev: $(VENV)/made requirements/dev.txt
	@echo "Installing the tools of check and test (once)"
	@$(PIP) -r requirements/dev.txt
	@touch $@ $(VENV)/run

demo: $(VENV)/run ## the bot and a playground in one, on http://127.0.0.1:8400; Ctrl-C stops all
	@exec $(BIN)/python -m bot.cli demo $(ARGS)

run: $(VENV)/run ## the bot, with settings from SLIPWAY_* variables
	@exec $(BIN)/python -m bot.cli run

check: $(VENV)/dev ## lint, format, types, import contract: exactly what CI runs
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

test: $(VENV)/dev ## every test that needs nothing but Python, with coverage
	@rm -f .coverage .coverage.*
	$(BIN)/python -m pytest -n $(JOBS) --dist worksteal --cov --cov-report= -m "not page and not bed" $(ARGS)
	$(BIN)/python -m coverage report --include='commands/*' --fail-under=100 --skip-covered --show-missing
	$(BIN)/python -m coverage report --omit='commands/*,tests/*' --fail-under=90 --skip-covered --sort=cover

test-page: $(VENV)/dev ## the playground's page in a real Chromium
	@tests/page/run.sh $(BIN)/python

bed: $(VENV)/dev ## build and start a real Kubernetes with Argo, Keycloak, Nexus, Gitea… (docs/bed.md); again: changes nothing
	@$(BED) up

bed-down: $(VENV)/dev ## stop the bed; ARGS=--wipe drops its state too, what was built stays
	@$(BED) down $(ARGS)

bed-status: $(VENV)/dev ## what of the bed runs, with its memory
	@$(BED) status

bed-logs: $(VENV)/dev ## the ends of the bed's logs; ARGS="kubelet nexus" chooses
	@$(BED) logs $(ARGS)

bed-shell: $(VENV)/dev ## a shell with the bed's kubectl, addresses and programs
	@$(BED) shell $(ARGS)

bed-run: bed ## the bot on the bed, with the stand-in Slack's page on http://127.0.0.1:8400
	@$(BIN)/python -m tests.scenarios

test-bed: bed ## the scenarios with the real parts in place of the stand-ins; KUBECONFIG=… BED_ADDRESS=…: on your cluster
	@$(BED) shell $(abspath $(BIN))/python -m pytest -n $(BED_JOBS) tests/scenarios --ground=bed -m "not page" $(ARGS)

test-facts: bed ## what the product relies on in Kubernetes, Argo and the servers, asked of the real ones
	@$(BED) shell $(abspath $(BIN))/python -m pytest -n $(JOBS) --dist loadfile -m bed tests/bed tests/steps tests/charts \
		--ignore=tests/bed/test_strategies.py $(ARGS)

test-strategies: bed ## all twelve changes of strategy with requests counted; wants a machine with nothing else to do
	@$(BED) shell $(abspath $(BIN))/python -m pytest -m bed tests/bed/test_strategies.py $(ARGS)

record: bed ## record whole deploys on the bed into tests/data; ARGS="canary-abort" chooses
	@$(BED) shell $(abspath $(BIN))/python -m tests.bed.recording $(ARGS)

bench: $(VENV)/dev ## measure, print JSON, write the table of docs/benchmarks.md
	$(BIN)/python -m bench $(ARGS)

lock: $(VENV)/dev ## make requirements/*.txt anew from pyproject.toml (needs uv)
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
		pyproject.toml --output-file requirements/run.txt
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
		pyproject.toml --group dev --constraints requirements/run.txt --output-file requirements/dev.txt

templates: $(VENV)/dev ## write workflow-templates/*.yaml from their hera sources
	$(BIN)/python workflow-templates/generate.py

docs: $(VENV)/dev ## write the generated parts of README.md and docs/
	$(BIN)/python docs/generate.py

clean: ## remove the environment and what tests left
	rm -rf $(VENV) .coverage .coverage.* .pytest_cache .mypy_cache .ruff_cache .import_linter_cache test-results
