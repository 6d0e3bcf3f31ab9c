# make demo   the whole journey on this machine, without account or money (ARGS=--exit: then end)
# make fast   the tests of every minute: no processes, no browser, no slow oracles
# make test   the whole suite, on SQLite, or where DATABASE_URL and REDIS_URL point
# make check  lint, types, layers, migrations
# make mutants  whether the tests notice a slip in the code (hours; ROOM=keywords: minutes)
# make bench  the benchmarks
# make crash  every kill in every mode of the gateway (some 20 minutes; a database by DATABASE_URL)

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=

.PHONY: demo fast test check bench crash mutants wheel clean

$(VENV)/runtime: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade "pip>=25.1"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/tools: $(VENV)/runtime
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --group test --group lint --group servers --group browser
	@touch $@

demo: $(VENV)/runtime
	@$(BIN)/python manage.py octopush_demo $(ARGS)

fast: $(VENV)/tools
	@$(BIN)/python -m pytest --quiet -n 2 -m "not processes and not browser and not slow" $(ARGS)

test: $(VENV)/tools
	@echo "Database: $${DATABASE_URL:-SQLite}; broker: $${REDIS_URL:-ORM}"
	@$(BIN)/python -m pytest $(ARGS)
	@echo "That was on database $${DATABASE_URL:-SQLite}, broker $${REDIS_URL:-ORM}."

check: $(VENV)/tools
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python manage.py makemigrations --check --dry-run octopush_django
	$(BIN)/python -W error manage.py check --fail-level ERROR

crash: $(VENV)/tools
	@$(BIN)/python -m tests.crash --mutants
	@$(BIN)/python -m tests.crash --race 100
	@$(BIN)/python -m tests.crash --all

mutants: $(VENV)/tools
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --group mutants
	@$(BIN)/python -m tests.mutants $(ROOM) $(ARGS)

bench: $(VENV)/tools
	@for file in benchmarks/bench_*.py; do echo "== $$file"; $(BIN)/python $$file $(ARGS) || exit 1; done

wheel: $(VENV)/tools
	$(BIN)/python -m pip wheel --quiet --no-deps --wheel-dir dist .

clean:
	rm -rf $(VENV) .demo dist build mutants
