# Everything here needs Python 3.11 to 3.13 and make, nothing else. Only test-containers needs root.
.DEFAULT_GOAL := help
.PHONY: help run up down report status doctor backfill lint test test-fast test-warehouse test-containers fuzz bench clean setup
MAKEFLAGS += --no-print-directory --warn-undefined-variables

# A .env file (see .env.example) says where things are. Without one they are under .mangnon.
-include .env
export MANGNON_HOME MANGNON_INBOX MANGNON_ARCHIVE MANGNON_OUTBOX WAREHOUSE_URL
export MANGNON_SMTP_URL MANGNON_MAIL_FROM MANGNON_MAIL_ADDRESSES
export MANGNON_JSON_LOGS MANGNON_STATSD OTEL_EXPORTER_OTLP_ENDPOINT MANGNON_OPENLINEAGE

YEAR ?= 2020
MINUTES ?= 30
SEED ?=
BIN := .venv/bin
INSTALLED := .venv/installed
# As many workers as the machine has cores; tests that share a file's fixtures stay together (tests/conftest.py).
PARALLEL := --numprocesses logical --dist loadgroup --no-loadscope-reorder
INSTALL_LOG := .venv/install.log
PIP := $(BIN)/python -m pip install --disable-pip-version-check
SUITABLE := import ensurepip, sys, venv; sys.exit(not (3, 11) <= sys.version_info < (3, 14))

help: ## Show this page
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' Makefile
	@echo
	@echo "  make report YEAR=2019     another year"
	@echo "  $(BIN)/mangnon --help   every step by itself"

run: setup ## See it work: the sample of 2019 and 2020 through Airflow, dbt and the gates, then the report of 2020
	@$(BIN)/mangnon run

up: setup ## Start it for daily use: Airflow with its UI and the nightly schedule
	@$(BIN)/mangnon up

down: setup ## Stop everything: no process stays behind, the data stay
	@$(BIN)/mangnon down

report: setup ## Print the annual report: make report YEAR=2020
	@$(BIN)/mangnon report --year $(YEAR)

status: setup ## Show what was delivered, loaded, refused and published, and why not
	@$(BIN)/mangnon status

doctor: setup ## Say in plain words what is wrong and what to do
	@$(BIN)/mangnon doctor

backfill: setup ## Read past months again after code or code lists changed: make backfill FROM=2020-01 TO=2020-12 REASON="…"
	@$(BIN)/mangnon backfill --from "$$FROM" --to "$$TO" --reason "$$REASON" --reporter "$$REPORTER" --form "$$FORM"

lint: setup ## Check the code: ruff, mypy, import-linter, hadolint, sqlfluff
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/hadolint docker/Dockerfile tests/containers/*.Dockerfile
	$(BIN)/sqlfluff lint --disable-progress-bar dbt_project
	$(BIN)/sqlfluff lint --disable-progress-bar --templater placeholder src

test: setup ## Run all tests, on their own databases and their own Airflow
	$(BIN)/pytest $(PARALLEL)

test-fast: setup ## Run those that need no night: units, DAGs, the dbt project, the rules
	$(BIN)/pytest $(PARALLEL) tests/unit tests/dags tests/dbt tests/expectations

test-warehouse: setup ## Prove a server before you move there: make test-warehouse WAREHOUSE_URL=postgresql://…
	@test -n "$(WAREHOUSE_URL)" || { echo "Say which server: make test-warehouse WAREHOUSE_URL=postgresql://…" >&2; exit 2; }
	$(BIN)/pytest --warehouse-url "$(WAREHOUSE_URL)" tests/integration tests/expectations tests/dbt

test-containers: setup ## Build the containers, start them, run nights, kill workers, restart (root on Debian; 20 minutes)
	$(BIN)/pytest --capture=no tests/containers

fuzz: setup ## Give the reader broken files for half an hour, or longer: make fuzz MINUTES=60
	PYTHONPATH=tests $(BIN)/python -m support.fuzzing $(MINUTES) $(SEED)

bench: setup ## Measure the gates on 10 million rows, a night on a country's history, isolation, what readers wait for (an hour)
	$(BIN)/python bench/gates.py
	$(BIN)/python bench/growth.py
	$(BIN)/python bench/marts.py
	$(BIN)/python bench/isolation.py
	$(BIN)/python bench/isolated_night.py

clean: ## Remove what was installed and what tests left, never your data in .mangnon
	@test ! -x $(BIN)/mangnon || $(BIN)/mangnon down
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis build src/*.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

setup:
	@if $(MAKE) -q $(INSTALLED); then echo "Python packages: up to date, skipped"; else $(MAKE) $(INSTALLED); fi

$(INSTALLED): requirements.lock pyproject.toml
	@echo "Python packages: installing the exact versions of requirements.lock into .venv; the first time takes minutes"
	@$(BIN)/python -c '$(SUITABLE)' 2>/dev/null || { \
		for python in python3.13 python3.12 python3.11 python3; do \
			if $$python -c '$(SUITABLE)' 2>/dev/null; then exec $$python -m venv --clear .venv; fi; \
		done; \
		echo "No Python 3.11, 3.12 or 3.13 with venv was found: install one (on Debian: apt install python3 python3-venv)" >&2; \
		exit 1; }
	@$(PIP) --requirement requirements.lock >$(INSTALL_LOG) 2>&1 & pip=$$!; \
	trap 'kill $$pip; exit 130' HUP INT TERM; \
	while test -t 1 && kill -0 $$pip 2>/dev/null; do \
		printf '\r  %s fetched, %s installed, of %s ' "$$(grep -cE '^(Collecting|Processing)' $(INSTALL_LOG))" \
			"$$(ls .venv/lib/python3*/site-packages | grep -c '\.dist-info$$')" "$$(grep -c == requirements.lock)"; \
		sleep 1; \
	done; \
	wait $$pip && $(PIP) --no-deps --editable . >>$(INSTALL_LOG) 2>&1 || { \
		printf '\nThat failed. The whole output is in $(INSTALL_LOG); it ends with:\n' >&2; tail $(INSTALL_LOG) >&2; exit 1; }
	@printf '\rPython packages: installed; the log is $(INSTALL_LOG)\n'
	@touch $(INSTALLED)
