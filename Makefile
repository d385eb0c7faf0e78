# Everything a developer runs. A machine needs git, make and Python 3.12 or newer with pip; the rest is fetched.
.DEFAULT_GOAL := help
.PHONY: help run test test-services check lint bench journey-full oracle chaos chaos-full chaos-mutants calibrate install install-dev

PYTHON ?=
export PYTHON
# Without compiled modules beside the sources each process compiles 1,500 of them anew: six seconds instead of one.
unexport PYTHONDONTWRITEBYTECODE
BIN := .venv/bin
EXTRAS := --extra embedded --extra postgres
# PostgreSQL and Redis of test-services, bench and journey-full, unless the environment names others.
SERVICES := DATABASE_URL=$${DATABASE_URL:-postgres://postgres@127.0.0.1:5432/microattentions} \
	REDIS_URL=$${REDIS_URL:-redis://127.0.0.1:6379/15}
# The embedded defaults, whatever the environment says, away from the data of `make run`.
EMBEDDED := env -u DATABASE_URL -u REDIS_URL DATA_DIR=$(CURDIR)/.data/test
# TESTS=tests/triggers runs a part (of bench: TESTS=report), BROWSER=no leaves Chromium out, JOBS=4 uses more cores,
# PICTURES=folder keeps pictures of the pages that the browser tests see.
TESTS ?=
JOBS ?= 2
BROWSER ?= yes
WITHOUT_BROWSER := $(if $(filter no,$(BROWSER)), and not browser)
# Exit code 5 says that TESTS chose nothing of this half. Tests that start a whole system want the cores for themselves.
FAST = $(BIN)/pytest -n $(JOBS) -m "not system$(WITHOUT_BROWSER)" $(TESTS) || [ $$? = 5 ]
SYSTEM = $(BIN)/pytest -m "system$(WITHOUT_BROWSER)" $(TESTS) || [ $$? = 5 ]

help:
	@echo "make run            the whole system with a demo shop, at http://127.0.0.1:8000 (PORT=… for another)"
	@echo "make test           every test, on SQLite and the embedded broker"
	@echo "make test-services  the same tests on PostgreSQL and Redis (DATABASE_URL, REDIS_URL)"
	@echo "make check          lint, types and the fast tests: before every commit"
	@echo "make bench          figures beside bare baselines, into bench/results.json"
	@echo "make calibrate      ranges and verdicts against thousands of campaigns of known truth, into docs/calibration.md"
	@echo "make oracle         the planner against a brute-force second opinion in 2,000 made-up worlds"
	@echo "make chaos          workers killed and stopped, providers, databases and clocks failing: nobody twice, nobody lost"
	@echo "make chaos-full     the same at the amounts of docs/chaos.md (an hour and a half); make chaos-mutants: does it notice?"
	@echo "make journey-full   two real shops' whole years through the whole system"

run: install
	@$(BIN)/python manage.py up

test: install-dev
	@$(if $(filter no,$(BROWSER)),,.ci/chromium)
	@failed=0; \
	$(EMBEDDED) $(FAST) || failed=1; \
	$(EMBEDDED) $(SYSTEM) || failed=1; \
	exit $$failed

test-services: install-dev
	@$(if $(filter no,$(BROWSER)),,.ci/chromium)
	@failed=0; \
	$(SERVICES) $(FAST) || failed=1; \
	$(SERVICES) $(SYSTEM) || failed=1; \
	exit $$failed

# Fewer made-up worlds than `make test`: two minutes are what one waits for.
check: lint
	WORLDS=40 REHEARSED_WORLDS=8 $(EMBEDDED) $(BIN)/pytest -n $(JOBS) -m "not browser and not system and not slow" $(TESTS)

lint: install-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy .
	$(BIN)/lint-imports

bench: install-dev
	$(SERVICES) $(BIN)/python -m bench $(TESTS)

journey-full: install-dev
	JOURNEY=full $(EMBEDDED) $(BIN)/pytest -s tests/system/journey -m system
	JOURNEY=full $(SERVICES) $(BIN)/pytest -s tests/system/journey -m system

chaos: install-dev
	$(EMBEDDED) $(BIN)/python -m tests.chaos
	$(SERVICES) $(BIN)/python -m tests.chaos

chaos-full: install-dev
	$(EMBEDDED) $(BIN)/python -m tests.chaos --profile full
	$(SERVICES) $(BIN)/python -m tests.chaos --profile full
	$(EMBEDDED) KILLS=200 SENDS=20000 $(BIN)/pytest tests/system/test_kills.py -s
	$(SERVICES) KILLS=200 SENDS=20000 $(BIN)/pytest tests/system/test_kills.py -s

chaos-mutants: install-dev
	$(EMBEDDED) $(BIN)/python -m tests.chaos --mutants

calibrate: install-dev
	nice -n 10 $(BIN)/python -m tests.analytics.calibration kernel --write docs/calibration.md
	failed=0; for part in no-effect effect season; do \
		nice -n 10 $(BIN)/python -m tests.analytics.calibration $$part --write docs/calibration.md || failed=1; \
	done; exit $$failed

oracle: install-dev
	WORLDS=2000 $(EMBEDDED) $(BIN)/pytest tests/triggers/test_planner_against_oracle.py
	WORLDS=2000 $(SERVICES) $(BIN)/pytest tests/triggers/test_planner_against_oracle.py

install: .venv/.installed
install-dev: .venv/.installed-dev

.venv/.installed: uv.lock
	@.ci/uv sync --frozen --quiet --inexact --no-dev $(EXTRAS)
	@touch $@

.venv/.installed-dev: uv.lock
	@.ci/uv sync --frozen --quiet $(EXTRAS)
	@touch $@ .venv/.installed
