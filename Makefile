# `make` alone lists the commands. Everything is installed into .venv, node_modules folders and ~/.cache/pyflow.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

VENV ?= .venv
PYTHON_BIN := $(VENV)/bin/python
WORKERS ?= auto
MNIST ?= $(or $(PYFLOW_CACHE),$(or $(XDG_CACHE_HOME),$(HOME)/.cache)/pyflow)/mnist
READ_MNIST := from pyflow.examples.tutorials.mnist import input_data; input_data.read_data_sets('$(MNIST)')
PYODIDE := tests/pyodide

# Stamps carry the content of what they were made from: a fresh checkout or a touched file installs nothing anew.
key = $(shell cksum < $(1) | cut -d' ' -f1)
CORE := $(VENV)/.core-$(call key,pyproject.toml)
DEV := $(VENV)/.dev-$(call key,pyproject.toml)
installed = $(1)/node_modules/.installed-$(call key,$(1)/package-lock.json)
NODE := $(call installed,$(PYODIDE))
WEB := $(call installed,web)
E2E := $(call installed,e2e)
BENCH := $(call installed,benchmarks/web)
GRAPHICS := $(VENV)/.graphics-$(call key,.ci/install_graphics.sh)
WASM := pyflow/runtime/cpu/kernels.wasm
UNPACKING := web/build/text.wasm
# Beside the environment, not in it: without the library every op has its numpy kernel tested.
ONEDNN := $(VENV)/onednn

GPU_TESTS := tests/runtime/webgpu tests/shaders
WITHOUT_WASM := $(addprefix tests/ops/test_,conv.py convolution.py matmul.py math_unary.py nn_activations.py pool.py)

.PHONY: help demo test lint check gpu onednn wasm pyodide web e2e features bench bench-web clean

help: ## List the commands
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(CORE) ## Train the two-layer network on MNIST and print its test accuracy (about a minute)
	$(PYTHON_BIN) examples/mnist_two_layers.py --data_dir=$(MNIST)

test: lint check gpu onednn pyodide e2e ## Everything: lint, all tests (TensorFlow compared with), with oneDNN, in Pyodide, in a browser

lint: $(DEV) $(WEB) $(E2E) ## ruff, pyright and the layer rule; the types and style of the site's code
	$(VENV)/bin/ruff check .
	$(VENV)/bin/pyright --pythonpath $(PYTHON_BIN)
	$(VENV)/bin/lint-imports --no-cache --no-logo
	npm run --silent --prefix web check

# One BLAS thread a worker: the workers fill the cores.
check: export OPENBLAS_NUM_THREADS ?= 1
check: export OMP_NUM_THREADS ?= 1
check: $(DEV) ## The tests alone, in parallel
	$(PYTHON_BIN) -m pytest -n $(WORKERS) --dist worksteal --timeout 300 -q $(GPU_TESTS:%=--ignore=%)

# In processes of their own: TensorFlow and the system's Vulkan drivers do not go together in one.
gpu: export OPENBLAS_NUM_THREADS ?= 1
gpu: $(DEV) $(GRAPHICS) ## The tests of GPUs, on every adapter that there is
	$(PYTHON_BIN) -m pytest -n $(WORKERS) --dist worksteal --timeout 300 -q $(GPU_TESTS)

onednn: $(DEV) $(ONEDNN) ## The tests of convolutions with Intel's library, on the machines that it is made for
	if [ -e $(ONEDNN)/lib ]; then PYTHONUSERBASE=$(abspath $(ONEDNN)) $(PYTHON_BIN) -m pytest -q \
	  tests/runtime/test_onednn.py tests/ops/test_conv*.py tests/ops/test_pool*.py; fi

wasm: $(WASM) ## Build the WebAssembly kernels that the CPU path has in Pyodide, into the package

# Those of core, ops and io run in a browser: see e2e. What the kernels do is tested once more here, on numpy alone.
pyodide: $(DEV) $(NODE) $(WASM) ## The tests that need no threads, and 200 steps on MNIST, in Pyodide under Node
	$(PYTHON_BIN) -c "$(READ_MNIST)"
	wheels=$$($(PYTHON_BIN) $(PYODIDE)/fetch.py) && node $(PYODIDE)/run.mjs "$$wheels" --mount "$(MNIST)=/mnist" \
	  pytest -q tests/protos tests/runtime tests/train -- \
	  run examples/mnist_two_layers.py --data_dir=/mnist --steps=200 && \
	  node $(PYODIDE)/run.mjs "$$wheels" --env PYFLOW_WASM=0 pytest -q tests/runtime $(WITHOUT_WASM)

web: $(DEV) $(NODE) $(WEB) $(WASM) $(UNPACKING) ## Build the playground into web/dist; `pyflow playground` serves it
	$(PYTHON_BIN) -c "$(READ_MNIST)"
	$(PYTHON_BIN) -m web.assemble "$(MNIST)"
	npm run --silent --prefix web build

e2e: web $(E2E) ## The playground's tests in Chromium, and there the unit tests of core, ops and io
	e2e/find_browser.sh
	PYTHON_BIN=$(abspath $(PYTHON_BIN)) npm test --silent --prefix e2e

features: $(DEV) ## Write FEATURES.md anew
	$(PYTHON_BIN) -m tests.tf115.make_features

bench: $(DEV) $(GRAPHICS) ## Time PyFlow beside TensorFlow 2.21, the GPU's kernels beside tinygrad's, and print the ratios
	$(PYTHON_BIN) -m benchmarks
	$(PYTHON_BIN) -m pip install --quiet --editable '.[bench]'
	$(PYTHON_BIN) -m benchmarks.gpu
	$(PYTHON_BIN) -m benchmarks.soak

bench-web: web $(BENCH) ## Time PyFlow in a browser's tab beside TensorFlow.js, and the playground's budgets
	node benchmarks/web/run.mjs $(PYTHON_BIN)

clean: ## Remove what the commands above made in this folder
	rm -rf $(VENV) {$(PYODIDE),web,web/wasm,e2e,benchmarks/web}/node_modules $(dir $(WASM))*.wasm web/build web/dist e2e/artifacts build dist \
	  .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(PYTHON_BIN):
	@.ci/make_venv.sh $(VENV)

$(CORE): | $(PYTHON_BIN)
	$(PYTHON_BIN) -m pip install --quiet --editable .
	@touch $@

$(DEV): | $(PYTHON_BIN)
	$(PYTHON_BIN) -m pip install --quiet --editable '.[dev,interop]'
	@touch $(CORE) $@

$(GRAPHICS): | $(PYTHON_BIN)
	@.ci/install_graphics.sh
	@touch $@

$(ONEDNN): | $(DEV)
	$(PYTHON_BIN) -m pip install --quiet --prefix $(abspath $@) "$$(sed -n 's/^onednn = \["\(.*\)"\]$$/\1/p' pyproject.toml)"
	mkdir -p $@

$(WASM) $(UNPACKING) &: $(wildcard web/wasm/assembly/*.ts web/wasm/assembly/*/*.ts) web/wasm/build.mjs web/wasm/package-lock.json
	npm ci --silent --prefix web/wasm
	npm run build --silent --prefix web/wasm

$(NODE) $(WEB) $(E2E) $(BENCH):
	@node --version 2>/dev/null | grep -qE '^v(20\.(19|[2-9][0-9])|2[2-9]|[3-9][0-9])' || { echo "This needs Node 20.19, or 22 or later"; exit 1; }
	npm ci --silent --prefix $(dir $(@D))
	@touch $@
