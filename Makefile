# Every command prepares what it needs: a virtual environment in .venv and the packages in it.
# The second time this costs nothing and needs no network.

.DEFAULT_GOAL := help
.PHONY: lock licenses sbom help run test bench soak production pictures page-pictures screenshots lint format migrate prepare-run prepare-dev

VENV := .venv/bin

# Some images set this; without compiled files every process takes a second longer to start.
export PYTHONDONTWRITEBYTECODE :=
OLDER := AlertifyPro needs Python 3.11 or newer, and none was found. Install one (Debian 12: apt-get install python3 python3-venv), or name it: make run PYTHON=/path/to/python3

# The first of the usual names that is new enough; PYTHON=... names another.
PYTHON ?=
find-python = found=; \
	for each in $(PYTHON) $(VENV)/python python3.11 python3.12 python3.13 python3 python3.14; do \
		if "$$each" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then found=$$each; break; fi; \
	done; \
	if [ -z "$$found" ]; then echo "$(OLDER)" >&2; exit 1; fi

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: prepare-run ## start everything on http://localhost:3001; Ctrl-C stops it
	@exec $(VENV)/python -m app.local run --follow-parent

# Tests wait more than they compute, so six processes share two cores; each has servers and ports of
# its own, and tests/units.py says what stays together and in which order.
# PARALLEL= runs them one after the other.
PARALLEL ?= --numprocesses=6 --dist=loadscope --no-loadscope-reorder

test: prepare-dev ## run every test against real PostgreSQL and Valkey; ARGS="-k word" selects
	@exec $(VENV)/python -m pytest $(PARALLEL) $(ARGS)

bench: prepare-dev ## run the benchmarks and compare them with their baselines
	@exec $(VENV)/python -m tests.bench $(ARGS)

soak: prepare-dev ## run for a long time while processes are killed at random
	@exec $(VENV)/python -m tests.soak $(ARGS)

production: prepare-dev ## run docker-compose.yml as it says, without Docker, and restart everything under load
	@exec $(VENV)/python -m tests.production $(ARGS)

pictures: prepare-dev ## make pictures of every screen of the console in .pictures; ARGS="--screens alert --widths 360"
	@exec $(VENV)/python -m tests.console.gallery $(ARGS)

screenshots: prepare-dev ## make the pictures of README anew, from the running product
	@exec $(VENV)/python -m tests.console.screenshots

page-pictures: prepare-dev ## take pictures of public pages in every state; ARGS="folder"
	@exec $(VENV)/python -m tests.pages.pictures $(ARGS)

lint: prepare-dev ## check style, format and types
	$(VENV)/ruff check .
	$(VENV)/ruff format --check .
	$(VENV)/mypy

format: prepare-dev ## format the code
	$(VENV)/ruff check --fix .
	$(VENV)/ruff format .

migrate: prepare-run ## bring the database to the newest revision
	@exec $(VENV)/python -m app.local migrate

lock: prepare-run ## renew requirements*.lock after a change of requirements*.txt
	@exec $(VENV)/python -m app.local.prepare lock

licenses: prepare-dev ## renew THIRD_PARTY_LICENSES.md
	@exec $(VENV)/python -m tests.supply licenses

sbom: prepare-dev ## write the CycloneDX list of components to sbom.cdx.json
	@exec $(VENV)/python -m tests.supply sbom

prepare-run prepare-dev: prepare-%:
	@$(find-python); "$$found" -m app.local.prepare $*
