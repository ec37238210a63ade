# Needs GNU make, CPython 3.11 or newer with venv and headers, and a C compiler. Nothing is installed outside this folder.
#
#   make demo      screen the synthetic export in examples/ and write the report to build/demo
#   make test      the whole test suite
#   make fhir-server  the FHIR server that tests ask, in an environment of its own; `make test` does it by itself
#   make spark     .venv-spark, the environment with PySpark (450 MB); its tests need it and Java 17
#   make check     formatting, lint, types, import contracts, house and catalogue tests
#   make lint      the same without the tests
#   make bench     the benchmarks of the engine; make bench-service those of the service under load (needs wrk)
#   make bench-screen  screening a large export against wc, hyperscan and orjson; makes about 6 GB of files and removes them
#   make bench-spark   the same on Spark with one core and two, and with ten times the data; needs `make spark`
#   make fuzz      the two readers of the rules compared on random patients for MINUTES=n (1); a difference becomes a scenario
#   make valgrind  the rule network's memory tests under valgrind, about two minutes
#   make mutate    which changes of the rules no scenario notices; ARGS='SPM-06' or ARGS='--changed-since main' for some
#   make governance  build/governance: what the rules say and how their scenarios went, on one page; MUTATION=FILE adds changes
#   make examples  examples/bundles and examples/export from the worked patients of the features
#   make lock      rules/versions.lock, after a version was raised
#   make rule-docs docs/rules from the rules and their scenarios, docs/steps.md from the step definitions
#   make screenshots docs/images of the service's pages; needs Chromium
#   make lock-deps constraints.txt from pyproject.toml; UPGRADE=1 takes the newest versions
#   make clean     remove what the tools made; make distclean also the environment
#
# PYTHON=python3.12 chooses the Python, VENV=.venv-3.12 the environment's folder, ARGS='-k melphalan' goes to pytest.

PYTHON ?=
VENV ?= .venv
ARGS ?=
MINUTES ?= 1
BIN = $(VENV)/bin

SHELL = /bin/sh
.DEFAULT_GOAL = demo
.PHONY: setup demo test fhir-server spark lint check bench bench-service bench-screen bench-spark examples rule-docs screenshots fuzz valgrind mutate governance lock lock-deps clean distclean

# Any Python 3 that really runs (a shim in PATH may not) can run the setup script, which finds the one for the environment.
setup:
	@IFS=:; for folder in $$PATH; do for name in python3 python3.13 python3.12 python3.11 python3.14; do \
	  if "$$folder/$$name" -c 'import sys; sys.exit(sys.version_info < (3, 6))' >/dev/null 2>&1; then \
	    exec "$$folder/$$name" tools/setup_env.py --venv "$(VENV)" --python "$(PYTHON)"; \
	  fi; \
	done; done; \
	echo "spmwatch setup: no Python 3 runs here. Install CPython 3.11 or newer (Debian: apt-get install python3" \
	  "python3-venv python3-dev; Fedora: dnf install python3-devel; macOS: brew install python)" >&2; exit 1

demo: setup
	@$(BIN)/spmwatch screen examples/export --as-of 2026-01-15 --out build/demo --format csv --quiet
	@$(BIN)/spmwatch screen examples/export --as-of 2026-01-15

# Without the FHIR server its tests are skipped, but for CI, where a missing one fails (tests/support/programs.py).
test: setup
	@$(BIN)/python tools/fhir_server_env.py || true
	$(BIN)/python -m pytest -n auto $(ARGS)

fhir-server: setup
	@$(BIN)/python tools/fhir_server_env.py

spark: setup
	@$(BIN)/python tools/spark_env.py

lint: setup
	$(BIN)/python -m ruff format --check .
	$(BIN)/python -m ruff check .
	$(BIN)/python -m mypy -p spmwatch
	$(BIN)/python -m basedpyright
	$(BIN)/lint-imports
	$(BIN)/spmwatch rules docs --check
	$(BIN)/spmwatch steps --out docs/steps.md --check
	$(BIN)/spmwatch rules lint

check: lint
	$(BIN)/python -m pytest tests/house tests/contract $(ARGS)

bench: setup
	$(BIN)/python benchmarks/path.py

bench-service: setup
	$(BIN)/python benchmarks/service.py $(ARGS)

bench-screen: setup
	@mkdir -p build
	$(BIN)/python benchmarks/screen.py --folder build $(ARGS)

bench-spark: spark
	$(VENV)-spark/bin/python benchmarks/cluster.py $(ARGS)

valgrind: setup
	@command -v valgrind >/dev/null || { echo "valgrind is missing (Debian: apt-get install valgrind)" >&2; exit 1; }
	$(BIN)/python tools/valgrind_errors.py -m pytest -p no:cacheprovider -p no:xdist \
	  tests/unit/engine/test_network_memory.py $(ARGS)

mutate: setup
	$(BIN)/spmwatch rules mutate $(ARGS)

# The page is written also where scenarios fail: then they stand on it.
governance: setup
	@mkdir -p build/governance && rm -f build/governance/results.json
	@$(BIN)/spmwatch test features --coverage --results build/governance/results.json; code=$$?; \
	$(BIN)/spmwatch rules docs --results build/governance/results.json $(if $(MUTATION),--mutation $(MUTATION)) \
	  --governance build/governance/rules-tested.html && exit $$code

examples: setup
	$(BIN)/python examples/make_examples.py

fuzz: setup
	$(BIN)/python tools/fuzz.py --minutes $(MINUTES) $(ARGS)

lock: setup
	$(BIN)/spmwatch rules lock

screenshots: setup
	$(BIN)/python tools/screenshots.py

rule-docs: setup
	$(BIN)/spmwatch rules docs
	$(BIN)/spmwatch steps --out docs/steps.md

lock-deps: setup
	$(BIN)/python tools/lock_deps.py $(if $(UPGRADE),--upgrade)

clean:
	rm -rf build dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis .coverage htmlcov spmwatch.egg-info
	find . -path './.venv*' -prune -o -type d -name __pycache__ -exec rm -rf {} +

distclean: clean
	rm -rf .venv .venv-* .venv.lock .venv*.log
