# Two commands do everything: `make run` the study, `make test` the checks and the tests.
PYTHON ?= python3
VENV := .venv
READY := $(VENV)/.ready
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)
export PYTHONPATH := $(CURDIR)
export TOKENIZERS_PARALLELISM := false
export HF_HUB_DISABLE_TELEMETRY := 1
export TINKER_TELEMETRY := 0

# SkyRL, a server of Tinker's shape, asks for another Python and other versions than ours.
TINKER := .venv-tinker
PYTHON_TINKER ?= python3.12

.PHONY: run test lint bench test-tinker
run: $(READY)
	@python -m stages.run

# Two processes of one thread each; a file's tests stay together, as they share what they made,
# in the order in which tests/pipeline puts the files.
test: export OMP_NUM_THREADS := 1
test: lint
	python -m pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder --durations 40

# All but the tests: style, types, and which room imports which.
lint: $(READY)
	ruff check .
	ruff format --check .
	mypy
	lint-imports --no-logo

bench: $(VENV)/.ready-bench
	dvc repro fetch_model
	python -m tests.benchmarks

# Teaching by Tinker against a real server, on the CPU; its environment takes some 6 GB.
test-tinker: export SELFPREDICT_SKYRL := $(CURDIR)/$(TINKER)/bin/python
test-tinker: $(READY) $(TINKER)/.ready
	PYTHONPATH=$(CURDIR)/$(TINKER)/sdk:$(CURDIR) python -m pytest tests/tinker/whole_way.py

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --quiet --constraint constraints.txt --editable ".[test]"
	@touch $@

$(VENV)/.ready-bench: $(READY)
	$(VENV)/bin/python -m pip install --quiet --constraint constraints.txt --editable ".[bench]"
	@touch $@

$(TINKER)/.ready: constraints-tinker.txt $(READY)
	$(PYTHON_TINKER) -m venv $(TINKER)
	$(TINKER)/bin/python -m pip install --quiet --constraint constraints-tinker.txt \
		"skyrl[jax,tinker]" aiohttp  # which it imports and does not ask for
	$(VENV)/bin/python -m pip install --quiet --no-deps --upgrade --target $(TINKER)/sdk \
		"$$(grep '^tinker==' constraints-tinker.txt)"
	@touch $@
