# `make` alone lists the targets. Everything runs in .venv, which is made on the way.

PYTHON ?= python3
PORT ?= 4000
BIN := .venv/bin
READY := .venv/ready
COMPILE := $(BIN)/uv pip compile pyproject.toml --quiet --upgrade --universal --python-version 3.11 \
	--generate-hashes --custom-compile-command 'make lock'

targets:  ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' Makefile

serve: $(READY)  ## a server on PORT (4000)
	$(BIN)/python -P -m chatapp serve --port $(PORT)

demo: $(READY)  ## a server and three people in real terminals, for half a minute
	$(BIN)/python tests/demo/run.py

test: $(READY)  ## all tests
	$(BIN)/pytest

check: $(READY)  ## format, lint, types, import rules, house rules: what CI runs before the tests
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy src tests bench
	$(BIN)/mypy chatapp.py
	cd src && ../$(BIN)/lint-imports --config ../pyproject.toml --no-cache
	$(BIN)/pytest --quiet tests/unit/test_house_rules.py tests/unit/test_settings_documented.py

fix: $(READY)  ## formats, and repairs what the linter can
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

bench: $(READY)  ## measures speed (minutes; needs a C compiler); bench/README.md says how
	$(BIN)/python bench/run.py

lock: $(READY)  ## pins the newest dependencies that pyproject.toml allows
	$(BIN)/python -m pip install --quiet 'uv~=0.13.9'
	$(COMPILE) --output-file requirements.lock
	$(COMPILE) --constraints requirements.lock --group dev --output-file requirements-dev.lock

# chatapp.py makes .venv, and makes it anew, without this stamp, when requirements.lock has changed.
$(READY): chatapp.py requirements.lock requirements-dev.lock
	$(PYTHON) chatapp.py --version
	$(BIN)/python -m pip install --quiet --require-hashes --requirement requirements-dev.lock
	@touch $@

.PHONY: targets serve demo test check fix bench lock
