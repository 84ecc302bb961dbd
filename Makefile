# The front door: `make demo` and `make test` need nothing but a Debian 12 machine. `make help` lists the rest.
SHELL := /bin/bash
JOBS ?= $(shell nproc)
.DEFAULT_GOAL := help

.PHONY: help
help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1|\2/' | column -t -s '|'

.PHONY: setup
setup: ## installs the Debian packages that building needs (skipped when they are there)
	@tools/setup build

.PHONY: build
build: setup ## the release binary, at build/scoria
	@cmake --preset release >build/configure.log 2>&1 || { cat build/configure.log; exit 1; }
	@cmake --build --preset release -j $(JOBS)
	@ln -sf release/src/bin/scoria build/scoria

.PHONY: clean
clean: ## removes everything that was built
	rm -rf build
