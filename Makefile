# One command each. `make help` lists them.

PY := .venv/bin/python
PYTEST_ARGS ?=

.PHONY: help run test check bench chaos
.DEFAULT_GOAL := help

help: ## This list
	@sed -n 's/^\([a-z]*\):.*## /\1	/p' Makefile | expand -t 10

run: .venv/.run ## The inbox on this machine, with demo data when there are no Twilio credentials
	@$(PY) manage.py serve --dev

test: .venv/.dev ## Every test; PYTEST_ARGS="-k window" for some
	@$(PY) -m tests.browser.chromium
	@$(PY) -m pytest -n 2 --dist loadgroup $(PYTEST_ARGS)

check: .venv/.dev ## Style, direction of imports, migrations and settings
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@.venv/bin/lint-imports
	@$(PY) manage.py makemigrations --check --dry-run
	@$(PY) manage.py check --fail-level ERROR

bench: .venv/.dev ## How fast it is, as ratios within one run
	@$(PY) -m benchmarks

chaos: .venv/.dev ## Kill, cut and duplicate for half an hour
	@$(PY) -m pytest -m chaos -o addopts="--import-mode=importlib" tests/faults $(PYTEST_ARGS)

.venv/.run: requirements.txt
	@.ci/install run

.venv/.dev: requirements.txt requirements-dev.txt
	@.ci/install dev
