# Rolecall: `make demo` to see it, `make test` to trust it. `make help` lists the rest.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
TEST_ARGS ?= -q -n auto
export PIP_DISABLE_PIP_VERSION_CHECK = 1
export PIP_REQUIRE_VIRTUALENV =
# Compiling all that is installed takes as long as installing it, and half of it is never imported.
INSTALL = $(BIN)/python -m pip install --quiet --no-compile

.PHONY: help setup demo rules lives test fuzz lint types contracts bench soak browser screenshots lock clean
help:            ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

setup: $(VENV)/.runtime  ## .venv with `rolecall` in it
$(VENV)/.runtime: requirements.lock pyproject.toml
	@echo "Setting up $(VENV) from requirements.lock (half a minute) ..." >&2
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Rolecall needs Python 3.11 or newer; try: make PYTHON=python3.12 setup")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(INSTALL) --require-hashes --requirement requirements.lock >&2
	@$(INSTALL) --no-deps --no-build-isolation --editable . >&2
	@touch $@

$(VENV)/.dev: requirements-dev.lock pyproject.toml
	@echo "Setting up $(VENV) from requirements-dev.lock (about a minute) ..." >&2
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Rolecall needs Python 3.11 or newer; try: make PYTHON=python3.12 test")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(INSTALL) --require-hashes --requirement requirements-dev.lock >&2
	@$(INSTALL) --no-deps --no-build-isolation --editable . >&2
	@touch $@ $(VENV)/.runtime

demo: $(VENV)/.runtime   ## the whole story on the sandbox CRMs (ONCE=1: unwatched, one JSON object; KEEP=1: keep its home)
	@$(BIN)/rolecall demo $(if $(ONCE),--once --json) $(if $(KEEP),--keep)

rules: $(VENV)/.dev      ## docs/rules.md, written anew from the rules
	@$(BIN)/python -m tests.app.detection.manual

lives: $(VENV)/.dev      ## docs/lives.md, drawn anew from the tables of moves
	@$(BIN)/python -m tests.lives.page

test: $(VENV)/.dev       ## every test, on SQLite and on PostgreSQL
	$(BIN)/python -m pytest $(TEST_ARGS)

fuzz: $(VENV)/.dev       ## requests made up from the API's description, on both databases (FUZZ_EXAMPLES=200 for each operation)
	FUZZ_EXAMPLES=$${FUZZ_EXAMPLES:-200} $(BIN)/python -m pytest tests/app/api/test_fuzz.py $(TEST_ARGS)

lint: $(VENV)/.dev       ## ruff
	$(BIN)/ruff check . && $(BIN)/ruff format --check .

types: $(VENV)/.dev      ## mypy --strict
	$(BIN)/mypy

contracts: $(VENV)/.dev  ## who may import whom
	$(BIN)/lint-imports

bench: $(VENV)/.dev      ## what it costs, as ratios to a floor taken in the same run
	$(BIN)/python -m pytest tests/benchmarks -m bench -s $(TEST_ARGS) -n 0

soak: $(VENV)/.dev       ## readings through storms of faults, or with LIVES=1 lives of reviews (KILLS=1000 too), SEED=1 RUNS=10000
	$(if $(LIVES),LIVES_SEED=$(or $(SEED),0) LIVES_RUNS=$(or $(RUNS),10000) KILLS=$(or $(KILLS),0) $(BIN)/python -m pytest tests/lives -q -s -n 2,\
	  $(BIN)/python -m tests.storms.soak --seed $(or $(SEED),1) --runs $(or $(RUNS),10000))

browser: $(VENV)/.dev    ## the console in a real Chromium (apt-get install chromium)
	$(BIN)/python -m pytest tests/browser -m browser $(TEST_ARGS)

screenshots: $(VENV)/.dev ## a picture of every page, into .rolecall/screenshots
	ROLECALL_SCREENSHOTS=.rolecall/screenshots $(BIN)/python -m pytest tests/browser/test_screenshots.py -m browser -q -n 0

lock:                    ## make both lock files anew (needs uv)
	uv pip compile pyproject.toml --extra build --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-header --no-annotate -q -o requirements.lock
	uv pip compile pyproject.toml --extra build --extra dev --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-header --no-annotate -q -c requirements.lock -o requirements-dev.lock

clean:                   ## remove what setup and the demo made
	rm -rf $(VENV) .rolecall
