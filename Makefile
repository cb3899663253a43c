# `make` alone lists what there is. `run`, `test` and `check` do all their own set-up, on a clean clone too.

SHELL := /bin/bash
.DEFAULT_GOAL := help
export PATH := $(CURDIR)/.venv/bin:$(PATH)
# Two processes with two threads each on two cores wait for each other longer than they compute.
export OMP_NUM_THREADS ?= 1

CHROMIUM := $(shell command -v chromium || command -v chromium-browser)
MARKS := not slow$(if $(CHROMIUM),, and not browser)
# Test files run side by side in so many processes (tests/side_by_side.py).
PROCESSES ?= $(shell getconf _NPROCESSORS_ONLN)

.PHONY: help
help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  make %-10s %s\n", $$1, $$2 }'

.PHONY: run
run: ## set up what is missing and start everything; ARGS="--demo" to look around without torch, ARGS=--help for more
	@./run $(ARGS)

.PHONY: prepare
prepare: ## set up what tests and checks need, start nothing
	@./run --prepare --dev

.PHONY: test
test: prepare ## all tests but the slow ones; ARGS="-m slow" for those, ARGS="tests/app -x" for some
	cd frontend && npm test --silent
	@$(if $(CHROMIUM),,echo "No Chromium on PATH: the browser tests are left out.")
	python -m pytest -n $(PROCESSES) -m "$(MARKS)" $(ARGS)

.PHONY: bench
bench: bench-pm bench-policy bench-web bench-data ## all benchmarks: a table each, and a line of JSON per figure

.PHONY: bench-pm
bench-pm: prepare ## training a PM beside trl.RewardTrainer: comparisons/s, memory (ARGS="--hh FILE": on real rows)
	python -m benchmarks.pm_training $(ARGS)

.PHONY: bench-policy
bench-policy: prepare ## training a policy beside trl.RLOOTrainer: samples/s, memory, where the time goes
	python -m benchmarks.policy_training $(ARGS)

.PHONY: bench-web
bench-web: prepare ## how long a choice takes with twenty people at once (TEST_DATABASE_URL: on PostgreSQL, too)
	python -m benchmarks.choice_latency

.PHONY: bench-data
bench-data: prepare ## the dashboard with a million comparisons behind it (TEST_DATABASE_URL: on PostgreSQL, too)
	python -m benchmarks.data_at_size $(ARGS)

.PHONY: check
check: prepare ## formatting, lint, types, and that no room imports what it must not
	ruff format --check .
	ruff check .
	mypy
	mypy --strict run
	lint-imports
	cd frontend && npm run --silent lint && npm run --silent typecheck

.PHONY: fmt
fmt: prepare ## format everything
	ruff format .
	ruff check --fix .
	cd frontend && npm run --silent format

.PHONY: tour
tour: prepare ## take the screenshots of docs/tour/ anew (wants Chromium)
	python -m tests.browser.tour $(ARGS)

.PHONY: migrate
migrate: prepare ## bring the database of DATA_DIR or DATABASE_URL up to date (./run does it too)
	alembic upgrade head

.PHONY: migration
migration: prepare ## write a migration from what changed in app/tables: m="add strength to comparisons"
	@test -n "$(m)" || { echo 'Say what it does: make migration m="add strength to comparisons"'; exit 2; }
	@scratch=$$(mktemp -d) && trap "rm -r $$scratch" EXIT && export DATABASE_URL=sqlite:///$$scratch/scratch.db && \
	alembic -q upgrade head && alembic -q revision --autogenerate -m "$(m)"

.PHONY: fields
fields: prepare ## write down for the web what overrides may set (after a change of a config or a preset)
	python -m worker.config_fields > app/iterations/config_fields.json

.PHONY: client
client: prepare ## write the front end's types from the API (after a change of endpoints or schemas)
	@mkdir -p data
	python -c "import json; from app.main import app; print(json.dumps(app.openapi()))" > data/openapi.json
	cd frontend && npm run --silent client
