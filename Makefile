# Two commands matter: `make run` sets everything up and opens Pentimento; `make test` sets up and passes the tests.
# Everything lives in .venv; a stamp under .stamps/ makes the second call quick.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMPS := .stamps
# torch and torchvision must be a matching pair from the same registry. The pair is asked for without a version
# (pip then picks the newest two that fit each other); TORCH="torch==2.11.0 torchvision==0.26.0" pins another one.
TORCH  ?= torch torchvision
PIP    := $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: run demo test lint format types imports unit bench samples clean

run: $(STAMPS)/run
	@$(BIN)/python main.py $(ARGS)

demo: $(STAMPS)/run
	@$(BIN)/python main.py demo --out demo $(ARGS)

test: lint types imports unit

lint: $(STAMPS)/test
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: $(STAMPS)/test
	@$(BIN)/mypy

imports: $(STAMPS)/test
	@$(BIN)/lint-imports --no-logo 2>/dev/null || $(BIN)/lint-imports

unit: $(STAMPS)/test
	@$(BIN)/python -m pytest $(ARGS)

format: $(STAMPS)/test
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

# make bench NAME=sdedit (without a name: the list)
NAME ?= list
bench: $(STAMPS)/test
	@$(BIN)/python -m tests.benchmarks $(NAME) $(ARGS)

$(STAMPS)/venv:
	@echo "Setting up Python packages in $(VENV) (once; torch is large, a few minutes)…"
	@$(PYTHON) -c 'import sys; sys.exit(0 if (3, 11) <= sys.version_info < (3, 14) else "Pentimento needs Python 3.11 to 3.13; this is " + sys.version.split()[0] + ". Say: make run PYTHON=python3.11")'
	@$(PYTHON) -m venv $(VENV)
	@$(PIP) install $(TORCH)
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/run: $(STAMPS)/venv pyproject.toml
	@$(PIP) install $$($(BIN)/python packaging/requirements.py)
	@touch $@

$(STAMPS)/test: $(STAMPS)/run
	@$(PIP) install $$($(BIN)/python packaging/requirements.py test)
	@touch $@

# The bundled sample documents, written anew from studio scenes
samples: $(STAMPS)/run
	@PYTHONPATH=. $(BIN)/python packaging/make_samples.py

clean:
	rm -rf $(VENV) $(STAMPS) build dist demo
