# What a developer runs. Each target first makes .venv where it is missing.

# makes .venv, where there is none: make test PYTHON=python3.12
PYTHON ?= python3
# processes of the test suite
JOBS ?= 2

BIN := .venv/bin
INSTALLED := .venv/installed
PLUGINS := $(patsubst %/pyproject.toml,%,$(wildcard plugins/*/pyproject.toml))
PIP := PIP_DISABLE_PIP_VERSION_CHECK=1 $(BIN)/python -m pip install --quiet --no-compile
# the processes take files in their order, which ends with short ones, and so end at about the same time
PYTEST := OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder

.PHONY: help demo test quick check lint docs oldest onedl release clean

help:
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1	\2/p' Makefile

demo: $(INSTALLED)  ## train on the embedded data set, from the start, and translate eight test images
	rm -rf runs/demo
	$(BIN)/i2ikit train configs/enco_masked/stripes.py --work-dir runs/demo
	$(BIN)/i2ikit data make stripes runs/demo/stripes --train 1 --test 8
	$(BIN)/i2ikit translate runs/demo runs/demo/stripes/testA runs/demo/translated
	@echo "Open runs/demo/index.html in a browser; the translated images are in runs/demo/translated."

test: $(INSTALLED)  ## run the whole test suite
	$(PYTEST)

quick: $(INSTALLED)  ## run the tests that take no more than a few seconds each
	$(PYTEST) -m "not slow"

check: lint docs test  ## run all that must pass before a push: lint, docs and test

lint: $(INSTALLED)  ## run the linters, of the Dockerfile too, the type checker and the check of the import layers
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/hadolint Dockerfile

docs: $(INSTALLED)  ## build the documentation into site/; without a network, and with every link checked
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build
	@echo "Open site/index.html in a browser."

oldest:  ## run the quick tests with Python 3.10 and the oldest versions that pyproject.toml allows; needs uv
	uv venv --quiet --allow-existing --python 3.10 .venv-oldest
	uv pip install --quiet --python .venv-oldest --resolution lowest-direct --editable '.[dev]'
	uv pip install --quiet --python .venv-oldest --no-deps --no-build-isolation $(PLUGINS:%=--editable ./%)
	OMP_NUM_THREADS=1 .venv-oldest/bin/python -m pytest -n $(JOBS) --dist loadfile -m "not slow" -W ignore::DeprecationWarning

onedl:  ## run the tests of engine and config with onedl-mmengine, a fork, in place of mmengine; needs uv
	uv venv --quiet --allow-existing .venv-onedl
	uv pip install --quiet --python .venv-onedl --editable '.[dev]'
	uv pip install --quiet --python .venv-onedl --no-deps --no-build-isolation $(PLUGINS:%=--editable ./%)
	uv pip uninstall --quiet --python .venv-onedl mmengine
	uv pip install --quiet --python .venv-onedl --reinstall-package onedl-mmengine onedl-mmengine
	OMP_NUM_THREADS=1 .venv-onedl/bin/python -m pytest -n $(JOBS) --dist loadfile tests/engine tests/config tests/test_*.py

release: $(INSTALLED)  ## build sdist and wheel in dist/, and try the wheel in an empty environment; I2IKIT_REPOSITORY: its address
	rm -rf dist
	$(BIN)/python -m hatchling build --target sdist
	$(BIN)/python -m pip wheel --quiet --no-deps --no-build-isolation --wheel-dir dist dist/*.tar.gz
	$(BIN)/python tools/try_release.py dist/*.whl

clean:  ## remove caches and built packages; .venv*, runs/ and datasets/ stay
	rm -rf build dist site .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
	find . -name '.venv*' -prune -o -name __pycache__ -type d -print0 | xargs -0 rm -rf

$(INSTALLED): pyproject.toml $(PLUGINS:%=%/pyproject.toml)
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || { \
		$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' \
			|| { echo "i2ikit needs Python 3.10 or later; name one: make PYTHON=python3.12"; exit 2; }; \
		echo "Making .venv ..."; \
		$(PYTHON) -m venv .venv; }
	@echo "Installing into .venv; the first time it downloads PyTorch and takes some minutes ..."
	@$(PIP) --editable '.[dev]'
	@$(PIP) --no-deps --no-build-isolation $(PLUGINS:%=--editable ./%)
	@$(BIN)/python -m compileall -q -q -j 0 .venv/lib i2ikit plugins || true  # --no-compile above: here all cores do it
	@touch $@
