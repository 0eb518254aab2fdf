# One command for each thing. `make help` lists them; `make` runs every check.
#
#   make run     PORT=8080 for a fixed port             make demo   STACK=real for pcscd and a pty
#   make test    TESTS=tests/unit, PYTEST="-k card"     make bench  BENCH=tests/bench/bench_x.py
#   make fuzz    FUZZ="cards printers" FUZZ_SECONDS=600 SEED=7, REPLAY=FILE to read a finding again
#   make screens LOOK=DIR beside its pictures, ALL=1 every mode, SCREENS="consent home" some of them

BIN := .venv/bin
PORT ?= 0
STACK ?= sim
OUT ?= out
TESTS ?= tests
FUZZ_SECONDS ?= 60
COVERED := tests/unit tests/property tests/scenario tests/contract
OTHERS := tests/system $(filter-out $(COVERED) tests/system tests/__pycache__,$(patsubst %/,%,$(wildcard tests/*/)))
WORKERS ?= 3
NIGHT = $(if $(filter-out tests,$(TESTS)$(PYTEST)),nightly-again,nightly)
BENCH ?= $(sort $(wildcard tests/bench/bench_*.py))
CODE := kiosk drivers offline_cache provisioning tests
LOCK = $(BIN)/uv pip compile --quiet --generate-hashes --no-header --no-annotate --python-version 3.11 \
	--cache-dir build/cache/uv $(UPGRADE)

.DEFAULT_GOAL := all
.PHONY: all help setup setup-tests run demo test nightly coverage bench docs screens format format-check lint types \
	contracts reference fuzz supply audit lock fresh deb clean

all: setup-tests ## format check, lint, types, import contracts, reference, tests
	@$(MAKE) --no-print-directory format-check lint types contracts
	@$(MAKE) --no-print-directory test

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

setup: setup-tests ## install what is missing: Debian packages, .venv, fonts
setup-tests:
	@bash provisioning/setup.sh --tests
setup-run:
	@bash provisioning/setup.sh

# ---------------------------------------------------------------------------------------------------- look at it

run: setup-run ## the tester's bench: terminal, simulated devices, gateway; prints `ready http://127.0.0.1:PORT`
	@exec $(BIN)/kiosk bench --port $(PORT) --stack $(STACK)

demo: setup-run ## two visits through the touchscreen, left under out/ (STACK=real: through pcscd and a pty)
	@exec $(BIN)/kiosk demo --stack $(STACK) --out $(OUT)

# ---------------------------------------------------------------------------------------------------- checks

test: setup-tests ## all tests but the nightly ones; those of the pure modules with branch coverage
ifeq ($(TESTS)$(PYTEST),tests)
	@failed=0; $(BIN)/python -m pytest $(COVERED) -n $(WORKERS) -m "not nightly" --cov --cov-report= || failed=1; \
		$(BIN)/python -m pytest $(OTHERS) -n $(WORKERS) -m "not nightly" || failed=1; \
		$(BIN)/python -m tests.pure || failed=1; exit $$failed
else
	@$(BIN)/python -m pytest $(TESTS) -n $(WORKERS) -m "not nightly" $(PYTEST)
endif

nightly: setup-tests ## all tests, the long ones too; their figures in docs/benchmarks.md; then make fresh
	@failed=0; $(BIN)/python -m pytest $(TESTS) -n $(WORKERS) --dist loadgroup --timeout 3600 --junitxml build/bench/$(NIGHT).xml \
		-o junit_logging=system-out $(PYTEST) || failed=1; $(BIN)/python -m tests.bench.page; \
		[ $(NIGHT) != nightly ] || bash provisioning/fresh.sh || failed=1; exit $$failed

coverage: ## what the last whole `make test` ran; pure modules must be covered whole, branches too
	@$(BIN)/python -m tests.pure

format: ## rewrite to the house style
	@$(BIN)/ruff format $(CODE)
	@$(BIN)/ruff check --fix --select I $(CODE)
format-check:
	@$(BIN)/ruff format --check $(CODE)
lint: ## ruff
	@$(BIN)/ruff check $(CODE)
types: ## basedpyright, strict
	@$(BIN)/basedpyright
contracts: ## who may import whom
	@$(BIN)/lint-imports --no-logo
reference: ## docs/reference says what the code does
	@$(BIN)/kiosk docs --check
bench: setup-run build/bench-tools ## measure, and write docs/benchmarks.md; fails where a number is missed
	@failed=0; for one in $(BENCH); do echo "== $$one"; $(BIN)/python -m $$(echo $${one%.py} | tr / .) || failed=1; done; \
		$(BIN)/python -m tests.bench.page; exit $$failed

build/bench-tools: # what only the benches stand beside, in a venv of its own; without it they say that it is missing
	@$(BIN)/uv venv --quiet --python $(BIN)/python $@ && $(BIN)/uv pip install --quiet --cache-dir build/cache/uv \
		--python $@/bin/python --group bench || { rm -rf $@; echo "no QML to compare with: cannot install it"; }

fuzz: setup-tests build/fuzz-tools ## every parser of foreign bytes under a coverage-guided fuzzer; findings in build/fuzz
	@$(BIN)/python -m tests.fuzz $(FUZZ) --seconds $(FUZZ_SECONDS) $(if $(SEED),--seed $(SEED)) $(if $(REPLAY),--replay $(REPLAY))

build/fuzz-tools: # the fuzzer, in a folder of its own
	@$(BIN)/uv pip install --quiet --cache-dir build/cache/uv --python $(BIN)/python --target $@ --group fuzz || \
		{ rm -rf $@; echo "no fuzzer: cannot install atheris" >&2; exit 1; }

supply: setup-tests ## what it is built from, in build/supply: CycloneDX bill of materials, licences
	@$(BIN)/python -m tests.supply
audit: setup-tests ## known vulnerabilities of the locked packages: Error 1 with some, Error 3 where no database can be asked (make exits 2)
	@$(BIN)/python -m tests.supply --audit

# ---------------------------------------------------------------------------------------------------- write

docs: setup-run screens ## write docs/reference and docs/pictures again
	@$(BIN)/kiosk docs
screens: setup-run ## the review page of all screens in out/screens, and the README's pictures
	@$(BIN)/python -m tests.review $(OUT)/screens $(if $(LOOK),--look $(LOOK)) $(if $(ALL),--all) $(SCREENS)
	@exec $(BIN)/kiosk demo --stack sim --out build/pictures
	@$(BIN)/python -m tests.pictures build/pictures docs/pictures
lock: setup-run ## write both locks again from pyproject.toml (UPGRADE=--upgrade for newer versions)
	@$(LOCK) pyproject.toml -o requirements.lock
	@$(LOCK) --group dev pyproject.toml -o requirements-dev.lock
fresh: ## the README's two commands on a fresh minimal Debian 12 in build/fresh (root, mmdebstrap); FRESH="make demo"
	@bash provisioning/fresh.sh $(FRESH)
deb: setup-run ## the terminal's Debian package for this machine's architecture, in build/deb
	@bash provisioning/package/build.sh
clean: ## remove what was made here, .venv too
	rm -rf .venv build out state htmlcov .coverage .coverage.* .pytest_cache .ruff_cache .hypothesis \
		.import_linter_cache *.egg-info
