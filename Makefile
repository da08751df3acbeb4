# Vigie: everything a person types. `make help` lists it.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= python3
TOWN ?= plaine-vallee
PORT ?= 8080
CAMERAS ?= 24
WORKERS ?= 3
BIN := .venv/bin
# Node from PyPI, where the machine has none or an old one (tools/bootstrap puts it there), else the machine's.
NPM := PATH="$(CURDIR)/.venv-node/bin:$$PATH" npm
DEPLOYED := $(wildcard libs/contracts/pyproject.toml libs/policy/pyproject.toml libs/common/pyproject.toml libs/guard/pyproject.toml services/*/pyproject.toml)
MEMBERS := $(wildcard libs/*/pyproject.toml services/*/pyproject.toml deploy/local/pyproject.toml tools/*/pyproject.toml)
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-annotate --no-header $(if $(UPGRADE),--upgrade)

.PHONY: help install run seed down test fmt lint types layers bench chart generate generate-check lock clean-data

help: ## This list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1|/' | awk -F'|' '{printf "  make %-16s %s\n", $$1, $$2}'

install: ## Install or update everything that running needs (skips what is unchanged)
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.11 ou plus récent est nécessaire : apt-get install python3 python3-venv"; exit 1; }
	@$(PYTHON) tools/bootstrap

run: install ## Start Vigie; TOWN=plaine-vallee PORT=8080 CAMERAS=24 NO_DEMO=1 DATA=folder
	@exec $(BIN)/vigie up --town $(TOWN) --port $(PORT) --cameras $(CAMERAS) $(if $(NO_DEMO),--no-demo) $(if $(DATA),--data $(DATA))

seed: install ## Give a town its first content, on a running Vigie or on one started for that; TOWN=
	@if $(BIN)/vigie status --town $(TOWN) $(if $(DATA),--data $(DATA)) >/dev/null 2>&1; then \
		$(BIN)/vigie seed --town $(TOWN) $(if $(DATA),--data $(DATA)); \
	else \
		echo "Vigie ne fonctionne pas pour $(TOWN) : démarrage le temps de l'amorcer, puis arrêt."; \
		$(BIN)/vigie up --town $(TOWN) --port $(PORT) --cameras $(CAMERAS) $(if $(DATA),--data $(DATA)) & pid=$$!; \
		until $(BIN)/vigie status --town $(TOWN) $(if $(DATA),--data $(DATA)) >/dev/null 2>&1; do \
			kill -0 $$pid 2>/dev/null || exit 1; sleep 1; \
		done; \
		$(BIN)/vigie down --town $(TOWN) $(if $(DATA),--data $(DATA)) && wait $$pid; \
	fi

down: ## Stop a Vigie that runs in another terminal
	@$(BIN)/vigie down --town $(TOWN) $(if $(DATA),--data $(DATA))

test: ## Every test, on real servers, real video and a real browser; ARGS="-k incident"
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.11 ou plus récent est nécessaire : apt-get install python3 python3-venv"; exit 1; }
	@$(PYTHON) tools/bootstrap --tests
	@echo "== console"; cd console && $(NPM) run --silent test
	@echo "== platform: $(WORKERS) workers, real servers, real video, a real browser"
	PYTHONUNBUFFERED=1 $(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup $(ARGS)

fmt: ## Format Python and the console
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	cd console && $(NPM) run --silent fmt

lint: ## Lint Python (ruff, all rules) and the console (biome)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	cd console && $(NPM) run --silent lint

types: ## Type check Python (pyright, strict) and the console (tsc)
	$(BIN)/pyright
	cd console && $(NPM) run --silent types

layers: ## Check who may import whom
	$(BIN)/lint-imports

bench: ## Every benchmark, as tables; ARGS=--json for machines
	@for script in bench/*.py; do if grep -q '__main__' $$script; then echo "== $$script"; $(BIN)/python $$script $(ARGS) || exit 1; fi; done

chart: ## Render and validate the Helm charts
	$(BIN)/python -m pytest -q tests/chart

generate: ## Write the generated pages: OpenAPI, AsyncAPI, access matrix
	@for script in tools/*.py; do echo "== $$script"; $(BIN)/python $$script || exit 1; done

generate-check: ## Fail when a generated page is out of date
	@for script in tools/*.py; do $(BIN)/python $$script --check || exit 1; done

lock: ## Renew the lock files from every pyproject.toml; UPGRADE=1 takes newer releases
	$(COMPILE) --group pyproject.toml:dev tools/uv-requirements.in $(MEMBERS) \
		$(foreach member,$(MEMBERS),--no-emit-package $(shell sed -n 's/^name = "\(.*\)"/\1/p' $(member))) -o requirements.lock
	$(COMPILE) $(DEPLOYED) \
		$(foreach member,$(MEMBERS),--no-emit-package $(shell sed -n 's/^name = "\(.*\)"/\1/p' $(member))) -o deploy/docker/services.lock
	$(COMPILE) tools/uv-requirements.in -o tools/uv-requirements.lock
	$(COMPILE) tools/node-requirements.in -o tools/node-requirements.lock
	$(COMPILE) deploy/local/idp-requirements.in -o deploy/local/idp-requirements.lock

clean-data: ## Erase a town's data, after asking; TOWN=
	@$(BIN)/vigie clean-data --town $(TOWN) $(if $(DATA),--data $(DATA))
