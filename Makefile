# `make help` lists the targets. Everything is installed into .venv, nothing outside it except what
# `make browser` gets.
SHELL := bash
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
# Where the systems are installed that `make peers` compares with.
PEERS ?= .venv-peers
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
# What the browser tests need: a browser, fonts for every script that the policies are written in, and a reverse proxy;
# and what makes the certificates of the test that speaks TLS.
BROWSER_PACKAGES := chromium fonts-noto-cjk fonts-dejavu-core nginx-light openssl

.DEFAULT_GOAL := help
.PHONY: help run index test check audit browser format bench figures scale milvus faults updates fuzz load quality peers lighthouse train docs screenshots lock clean

help: ## List the targets.
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: $(VENV)/.installed ## Install what is needed, build the index where it is out of date, and start the chat.
	-@$(BIN)/python -m assistant ingest --if-stale
	$(BIN)/python app.py

index: $(VENV)/.installed ## Build the index of corpus/ anew.
	$(BIN)/python -m assistant ingest

test: check browser ## Run all checks and all tests.
	$(BIN)/python -m pytest --numprocesses auto --dist loadfile

check: $(VENV)/.installed-dev ## Check style, types, import directions, the container's files, and the lock and bill of materials.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache --no-logo
	$(BIN)/hadolint Dockerfile
	$(BIN)/check-jsonschema --quiet --builtin-schema vendor.compose-spec compose.yaml
	$(BIN)/compose-lint --quiet compose.yaml
	$(BIN)/python tools/supply.py check

audit: $(VENV)/.installed-dev ## Ask the public databases about known holes in what requirements.lock pins.
	$(BIN)/pip-audit --requirement requirements.lock --require-hashes --disable-pip --strict

format: $(VENV)/.installed-dev ## Format the code.
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .

# Without root and apt the browser that is on PATH is used; where there is none, the browser tests are skipped.
browser: ## Install Chromium, nginx and openssl for the tests where root and apt are there, else say how to get it.
	@if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  dpkg -s $(BROWSER_PACKAGES) >/dev/null 2>&1 || { \
	    export DEBIAN_FRONTEND=noninteractive; \
	    apt-get -qq update && apt-get -qq install -y --no-install-recommends $(BROWSER_PACKAGES) >/dev/null; }; \
	elif ! command -v chromium chromium-browser google-chrome-stable google-chrome chrome >/dev/null; then \
	  echo "No Chromium on PATH: install it with your package manager (Debian: sudo apt-get install $(BROWSER_PACKAGES)), or the browser tests are skipped."; \
	elif ! PATH="$$PATH:/usr/sbin" command -v nginx >/dev/null; then \
	  echo "No nginx on PATH: install it with your package manager (Debian: sudo apt-get install nginx-light), or the tests behind a proxy are skipped."; \
	elif ! command -v openssl >/dev/null; then \
	  echo "No openssl on PATH: install it with your package manager (Debian: sudo apt-get install openssl), or the test of TLS is skipped."; \
	fi

bench: browser $(VENV)/.installed-dev ## Measure what a question, an ingest and the widget cost.
	PYTHONPATH=. $(BIN)/python benchmarks/search.py
	PYTHONPATH=. $(BIN)/python benchmarks/scale.py --sizes 100000
	PYTHONPATH=. $(BIN)/python benchmarks/widget.py

figures: bench scale milvus peers ## All that bench, scale, milvus and peers measure, one after another, in three quarters of an hour.

scale: $(VENV)/.installed-dev ## Measure how far one machine goes, from 100 to 1,000,000 passages; takes a quarter of an hour and 15 GB of disk.
	PYTHONPATH=. $(BIN)/python benchmarks/scale.py --plot docs/scale.svg

milvus: $(VENV)/.installed-dev ## Ask the judged questions of a Milvus server too, and count bytes per clause.
	PYTHONPATH=. $(BIN)/python benchmarks/milvus.py

faults: $(VENV)/.installed-dev ## Kill 200 ingests at random moments and count what survives.
	PYTHONPATH=. $(BIN)/python benchmarks/faults.py

updates: $(VENV)/.installed-dev ## Measure what one changed file among 1,000 costs, and how a running server takes it up.
	PYTHONPATH=. $(BIN)/python benchmarks/updates.py

fuzz: $(VENV)/.installed-dev ## Fuzz every reader and the question path, guided by coverage, for SECONDS=60 each.
	$(BIN)/python -m tests.fuzz.run all $(or $(SECONDS),60)

load: $(VENV)/.installed-dev ## Measure how soon the server is ready, how many it answers, and its memory over 20,000 questions.
	PYTHONPATH=. $(BIN)/python benchmarks/start.py
	PYTHONPATH=. $(BIN)/python benchmarks/load.py
	PYTHONPATH=. $(BIN)/python benchmarks/load.py --memory 20000

quality: $(VENV)/.installed-dev ## Measure what each part of the search earns; POLICYQA=folder adds the questions there.
	PYTHONPATH=. $(BIN)/python benchmarks/ablation.py $(if $(POLICYQA),--policyqa $(POLICYQA))

peers: $(PEERS)/.installed ## Measure txtai, bm25s + FAISS by hand and, where Python 3.12 is, haiku.rag beside this product.
	PYTHONPATH=. $(PEERS)/bin/python benchmarks/peers.py --write $$([ ! -x $(PEERS)/haiku/bin/python ] || echo --haiku $(PEERS)/haiku/bin/python)

lighthouse: browser $(VENV)/.installed-dev ## Let Lighthouse, from npm, score the accessibility of every page; below 95 fails.
	PYTHONPATH=. $(BIN)/python benchmarks/lighthouse.py

train: $(VENV)/.installed-dev ## Tune the encoder on DATA=folder, and calibrate when to abstain; training/README.md tells more.
	@[ -d "$(DATA)" ] || { echo "Name a folder of training data: make train DATA=folder" >&2; exit 2; }
	$(PIP) -r requirements-train.txt
	PYTHONPATH=. $(BIN)/python -m training.train $(DATA)
	PYTHONPATH=. $(BIN)/python -m training.calibrate $(DATA)
	PYTHONPATH=. $(BIN)/python benchmarks/topics.py --write

docs: $(VENV)/.installed ## Write help texts, settings and targets into the documents.
	PYTHONPATH=. $(BIN)/python docs/generate.py

screenshots: browser $(VENV)/.installed-dev ## Take the pictures of every door in docs/screenshots/.
	PYTHONPATH=. $(BIN)/python docs/screenshots.py

lock: $(VENV)/.installed-dev ## Write what is installed into constraints.txt, and requirements.lock and sbom.json from it.
	@{ sed -n '/^#/p' constraints.txt; $(BIN)/python -m pip --disable-pip-version-check freeze | sed 's/+[a-z0-9]*$$//'; } > constraints.new
	@mv constraints.new constraints.txt
	$(BIN)/python tools/supply.py write

clean: ## Remove the virtual environments, the built index and all caches.
	rm -rf $(VENV) $(PEERS) .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find index -mindepth 1 ! -name README.md -delete
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("Python 3.11 or newer is needed: make PYTHON=python3.11 …")'
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { echo "Python cannot make virtual environments here: install python3-venv." >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: requirements.txt constraints.txt | $(BIN)/python
	$(PIP) -r requirements.txt
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed requirements-dev.txt requirements-milvus.txt | $(BIN)/python
	$(PIP) -r requirements-dev.txt
	@touch $@

# haiku.rag needs Python 3.12 or newer and gets an environment of its own, where such a Python is found; HAIKU_PYTHON
# names one that is not on PATH.
$(PEERS)/.installed: requirements-peers.txt requirements-peers-haiku.txt requirements.txt constraints.txt
	$(PYTHON) -m venv $(PEERS)
	$(PEERS)/bin/python -m pip install --quiet --disable-pip-version-check -r requirements-peers.txt
	@for python in $(HAIKU_PYTHON) $(PYTHON) python3.12 python3.13; do \
	  $$python -c 'import sys; sys.exit(sys.version_info < (3, 12))' 2>/dev/null || continue; \
	  echo "haiku.rag is installed for $$($$python --version)"; \
	  $$python -m venv $(PEERS)/haiku; \
	  exec $(PEERS)/haiku/bin/python -m pip install --quiet --disable-pip-version-check -r requirements-peers-haiku.txt; \
	done; echo "No Python 3.12 or newer is found: haiku.rag is left out."
	@touch $@
