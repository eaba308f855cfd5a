# All commands use .venv, which is created from the lock file with hashes.
PYTHON ?= python3
PORT ?= 8000
BIN := .venv/bin
CLIENT := clients/typescript
CLIENT_INSTALLED := $(CLIENT)/node_modules/.package-lock.json

.DEFAULT_GOAL := help
.PHONY: help install run test check check-all check-fast articles format lock admin migration new conformance client client-test \
	browser docs faults audit

help: ## Show this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

.venv/.installed: requirements-dev.txt
	@! test -L .venv || { echo "Run this where .venv is a folder: here it is a link, whose target would be cleared." >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is required: PYTHON=python3.11 make ...") if sys.version_info < (3, 11) else None'
	@echo "Creating .venv from requirements-dev.txt (once) ..."
	@$(PYTHON) -m venv --clear .venv
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@

install: ## Create .venv again (other commands do it only after a change of requirements-dev.txt)
	@rm -f .venv/.installed
	@$(MAKE) --no-print-directory .venv/.installed

run: .venv/.installed ## Serve on http://127.0.0.1:8000 (PORT=...), docs at /docs
	@exec $(BIN)/python -m app start --port $(PORT)

test: .venv/.installed ## Run the suite on SQLite, and on PostgreSQL + Redis if TEST_DATABASE_URL and TEST_REDIS_URL are set
	@BIN=$(BIN) scripts/test

check: .venv/.installed ## Format, and run the checks and tests that the change against main can break
	@$(BIN)/python -m tests.architecture.check

check-all: .venv/.installed ## Run all checks, the suite and Schemathesis, as CI does; with VERBOSE=1 print the tests
	@$(BIN)/python -m tests.architecture.check all

check-fast: .venv/.installed ## Format, and check lint and the rules of the constitution, after each edit
	@$(BIN)/python -m tests.architecture.check fast

articles: .venv/.installed ## Break the code once for each rule, and check that the rule reports it
	@$(BIN)/python -m tests.architecture.articles

format: .venv/.installed ## Format the code, and apply the fixes of the linter
	@$(BIN)/ruff format --quiet .
	@$(BIN)/ruff check --fix --silent . || true
	@$(BIN)/ruff format --quiet .

docs: .venv/.installed ## Update the generated parts of docs/: the settings, the counts, the lines of the tour
	@$(BIN)/python -m tests.contract.documents

lock: .venv/.installed ## Lock the newest versions that pyproject.toml allows
	@for lock in "requirements.txt pyproject.toml" "requirements-dev.txt pyproject.toml --group dev" \
		"requirements-browser.txt --constraint requirements-dev.txt --group browser" \
		"requirements-audit.txt --constraint requirements-dev.txt --group audit"; do \
		$(BIN)/uv pip compile --quiet --upgrade --universal --generate-hashes --no-header \
			--python-version 3.11 --output-file $$lock; done

admin: .venv/.installed ## Create an admin, or give a user the role of an admin: EMAIL=...
	@$(BIN)/python -m app create-admin $(EMAIL)

migration: .venv/.installed ## Write a migration for the changes of tables (the models of features): NAME=add_avatar
	@BIN=$(BIN) scripts/migration "$(NAME)"

new: .venv/.installed ## Make a service of your own from a fresh clone: NAME=acme, EXAMPLE=no, WITHOUT="seed tasks"
	@$(BIN)/python -m scaffold.new "$(NAME)" "$(EXAMPLE)" "$(WITHOUT)"

.PHONY: resource
resource: .venv/.installed ## Copy a reference feature as a new resource: NAME=label, IN=project or IN=task, PLURAL=...
	@$(BIN)/python -m scaffold.resource "$(NAME)" "$(IN)" "$(PLURAL)"

faults: .venv/.installed ## Make PostgreSQL, Redis, mail and the service fail under load, and check that nothing is lost
	@$(BIN)/python -m pytest faults $(PYTEST_ARGS)

.PHONY: image-test
image-test: ## Build the image and run it, as root on Debian, with PostgreSQL and Redis
	@scripts/image-test

conformance: .venv/.installed ## Run Schemathesis against the served API
	@BIN=$(BIN) scripts/conformance

$(CLIENT_INSTALLED): $(CLIENT)/package-lock.json
	@npm --prefix $(CLIENT) ci --prefer-offline --no-audit --no-fund --loglevel=error
	@touch $@

.PHONY: client-lint
client-lint: .venv/.installed $(CLIENT_INSTALLED) ## Lint the OpenAPI document with Spectral (Node 20 or newer)
	@test -e .env || $(BIN)/python -m app init
	@$(BIN)/python -m app openapi $(CLIENT)/openapi.json
	@npm --prefix $(CLIENT) run --silent lint

client: client-lint ## Generate a TypeScript client from the OpenAPI document
	@npm --prefix $(CLIENT) run --silent generate

client-test: client ## Compile the client and test it
	@npm --prefix $(CLIENT) run --silent build
	@BIN=$(BIN) scripts/served npm --prefix $(CLIENT) test --silent

.venv/.browser: requirements-browser.txt .venv/.installed
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-browser.txt
	@touch $@

browser: .venv/.browser ## Test the docs page in Chromium or Chrome, which must be installed
	@set -e; for folder in $(wildcard tests/browser tests/*/browser); do $(BIN)/python -m pytest $$folder; done

.venv/.audit: requirements-audit.txt .venv/.installed
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-audit.txt
	@touch $@

audit: .venv/.audit ## Find known vulnerabilities of the locked packages (needs npm and the package indexes)
	@$(BIN)/python -m tests.contract.audit
