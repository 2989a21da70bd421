# One vocabulary for people and for CI. Needs Python 3.11 or newer, and make; uv is used when it is there.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help env demo demo-reset test faults coverage check fix lock clean screenshots dev

BIN := .venv/bin
TEMPLATES = $(shell find templates -name '*.html')
# The first Python that is new enough; `make env PY=/path/to/python` names another.
PY ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
# Empty where uv is not installed, or is a shim that leads nowhere.
UV := $(shell uv --version >/dev/null 2>&1 && command -v uv)
COMPILE = pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-header --no-annotate -q
# What a real installation sets, for the checks that only look at the settings.
PRODUCTION = SECRET_KEY=$$($(BIN)/python -c 'import secrets; print(secrets.token_urlsafe(64))') \
	ALLOWED_HOSTS=clinic.example PUBLIC_URL=https://clinic.example BEHIND_PROXY=true \
	DATABASE_URL=postgresql://clinic@localhost/clinic CELERY_BROKER_URL=redis://localhost:6379/0 \
	EMAIL_URL=submission://mail.example DEFAULT_FROM_EMAIL=appointments@clinic.example

help: ## List what there is to make
	@sed -n 's/^\([a-z-]*\):.* ## \(.*\)/\1|\2/p' Makefile | while IFS='|' read -r name what; do \
		printf '  make %-12s %s\n' "$$name" "$$what"; done

env: .venv/.base ## Prepare .venv from the lock, and nothing else

demo: .venv/.base ## Run the application with fictitious patients (PORT=8000 unless you say otherwise)
	@exec $(BIN)/python -m clinic.demo

demo-reset: .venv/.base ## Wipe the demo's data, so that it starts afresh
	@$(BIN)/python -m clinic.demo reset

test: .venv/.dev ## Run every test this machine can run (ARGS="-k worklist" chooses)
	@$(BIN)/python tests/run.py $(ARGS)

faults: .venv/.dev ## Kill, stop and starve the senders and count what is lost (takes 15 minutes; ARGS="--short kill")
	@$(BIN)/python -m tests.faults $(ARGS)

coverage: .venv/.dev ## Measure how much of the source the tests reach, on SQLite (takes twice as long)
	@env -u DATABASE_URL $(BIN)/python -m pytest -q --cov --cov-report=term $(ARGS)

check: .venv/.dev ## Lint and prove everything, and change nothing
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	@echo "$(BIN)/djade --check and $(BIN)/djhtml --check on all templates"
	@$(BIN)/djade --target-version 5.2 --check $(TEMPLATES)
	@$(BIN)/djhtml --tabwidth 2 --check $(TEMPLATES)
	$(BIN)/djlint --lint --quiet templates
	@echo "manage.py check --deploy, as in production"
	@env -u DEBUG $(PRODUCTION) $(BIN)/python manage.py check --deploy --fail-level WARNING
	@$(if $(UV),$(MAKE) --no-print-directory -s lock-drift,echo "uv is not here: the lock is not resolved anew.")
	$(BIN)/python -m pytest -q -p no:randomly tests/test_architecture.py tests/test_compose.py

fix: .venv/.dev ## Format code and templates, and mend what can be mended without thinking
	$(BIN)/ruff check --fix
	$(BIN)/ruff format
	@$(BIN)/djade --target-version 5.2 $(TEMPLATES) || true
	@$(BIN)/djhtml --tabwidth 2 $(TEMPLATES) || true

lock: $(if $(UV),,.venv/bin/uv) ## Resolve the dependencies anew (UPGRADE=1 takes newer ones)
	$(or $(UV),$(BIN)/uv) $(COMPILE) $(if $(UPGRADE),--upgrade) -o requirements/base.txt
	$(or $(UV),$(BIN)/uv) $(COMPILE) $(if $(UPGRADE),--upgrade) --group dev -c requirements/base.txt -o requirements/dev.txt

screenshots: .venv/.dev ## Take the README's pictures from the demo anew (needs Chromium)
	@$(BIN)/python -m tests.browser.screenshots

clean: ## Remove the environment and every cache; the demo's data stays
	rm -rf .venv staticfiles htmlcov .coverage .hypothesis .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# --- What the above stand on -----------------------------------------------------------------------------------------

dev: .venv/.dev

# Drift is found by resolving over a copy of the lock: what still fits stays, so only a change of pyproject shows.
.PHONY: lock-drift
lock-drift:
	@echo "The lock against pyproject.toml"
	@aside=$$(mktemp -d) && trap 'rm -rf "$$aside"' EXIT && cp requirements/*.txt "$$aside" && \
	if $(UV) $(COMPILE) -o "$$aside/base.txt" && $(UV) $(COMPILE) --group dev -c "$$aside/base.txt" -o "$$aside/dev.txt"; \
	then diff -ur requirements "$$aside" || { echo "The lock is behind pyproject.toml: run make lock."; exit 1; }; \
	else test -z "$$CI" || exit 1; echo "No index answers: the lock is not resolved anew."; fi

.venv/bin/python:
	@test -n "$(PY)" || { echo "This needs Python 3.11 or newer; found: $$(python3 --version 2>&1 || true)." \
		"Install one, or name it: make env PY=/path/to/python3.11"; exit 1; }
	@$(if $(UV),$(UV) venv -q --clear --python $(PY) .venv,$(PY) -m venv --clear .venv || { rm -rf .venv; \
		echo "Python has no venv module here; on Debian and Ubuntu: apt install python3-venv"; exit 1; })

# A lock that changed is installed again, and so is everything when Python itself changed. The lock names everything, so
# pip resolves nothing: it would ask for the newest coverage[toml] beside the coverage that is pinned, and refuse.
.venv/.%: requirements/%.txt .venv/bin/python
	@echo "Installing $< into .venv"
ifneq ($(UV),)
	@$(UV) pip install -q --python $(BIN)/python --require-hashes -r $<
else
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(BIN)/python -m ensurepip >/dev/null
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-input --no-deps --require-hashes -r $<
endif
	@touch $@

.venv/bin/uv: .venv/bin/python
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(BIN)/python -m ensurepip >/dev/null
	@$(BIN)/python -m pip install -q --disable-pip-version-check uv
