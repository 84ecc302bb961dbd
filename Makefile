# The front door: `make demo` and `make test` need nothing but a Debian 12 machine. `make help` lists the rest.
SHELL := /bin/bash
JOBS ?= $(shell nproc)
FUZZ_SECONDS ?= 600
PREFIX ?= /usr/local
.DEFAULT_GOAL := help
export JOBS FUZZ_SECONDS

.PHONY: help
help: ## this list
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1#\2/p' $(MAKEFILE_LIST) | while IFS='#' read -r name text; do \
	  printf '%-20s %s\n' "$$name" "$$text"; done

.PHONY: setup
setup: ## installs the Debian packages that building needs (skipped when they are there)
	@tools/setup build

.PHONY: build
build: setup ## the release binary, at build/scoria
	@tools/build release scoria
	@ln -sf release/src/bin/scoria build/scoria

.PHONY: install
install: setup ## the program, libscoria and its C header, under PREFIX (default /usr/local)
	@tools/build release scoria scoria_shared scoria_static
	cmake --install build/release --prefix "$(PREFIX)"

.PHONY: demo
demo: build ## forecasts thirteen weeks of sales with 35 models made by R; finds odd readings of 15 sensors with Python's
	build/scoria run examples/retail-forecast/plan.yaml --report build/retail-forecast.html
	@echo
	build/scoria run examples/sensor-anomaly/plan.yaml --report build/sensor-anomaly.html
	@echo
	@echo "forecast  examples/retail-forecast/out/"
	@echo "report    build/retail-forecast.html (open it in a browser)"
	@echo "sensors   examples/sensor-anomaly/out/, report build/sensor-anomaly.html"
	@echo "plan      examples/retail-forecast/plan.yaml"

.PHONY: test
test: setup ## all tests, then those of the parsers and kernels again under sanitizers
	@tools/run_tests release asan

.PHONY: check
check: ## format, layers, docs, sizes and lint of what changed
	@tools/setup build
	@tools/setup check
	tools/check_format
	tools/check_layers
	tools/check_docs
	tools/list_functions --check
	tools/check_size
	@python3 tests/checks/checks_test.py
	tools/check_lint

.PHONY: lint-all
lint-all: ## clang-tidy over every file (about ten minutes on two cores)
	@tools/setup build
	@tools/setup check
	tools/check_lint --all

.PHONY: format
format: ## formats every C++ file
	@tools/setup check
	tools/check_format --fix

.PHONY: test-r
test-r: build ## installs R and compares with it: new random models every time
	@tools/setup r
	@tests/r/run

.PHONY: test-sklearn
test-sklearn: build ## installs scikit-learn into build/ and compares with it: new random models every time
	@tools/setup python
	@tests/sklearn/run

.PHONY: test-workers
test-workers: build ## warm R and Python, and package sets: beside Rscript and python3, and every way to fail; installs R
	@tools/setup r
	@tools/setup r-package
	@tests/e2e/worker_test.py build/scoria build/workers --need-r
	@tests/e2e/package_set_test.py build/scoria build/workers --need-r --debian

.PHONY: test-r-package
test-r-package: build ## the R package: R CMD check, and every golden case of R's beside R's own predict(); installs R
	@tools/setup r
	@tools/setup r-package
	@tools/build release scoria_shared
	@clients/r/tests/run build/scoria build/release/src/capi/libscoria.so.1

.PHONY: test-examples
test-examples: build ## the examples with R: caret on warm workers, 35 models trained on a pool, a script as a task, a model behind a URL; installs R
	@tools/setup r
	@tools/setup r-package
	@tools/setup serve
	@tools/build release scoria_shared
	@mkdir -p build/r-client/library
	@cd build/r-client && R CMD build --no-build-vignettes ../../clients/r >build.log && R CMD INSTALL --library=library scoria_*.tar.gz >install.log 2>&1 || { cat *.log; exit 1; }
	@examples/hello-r/test build/scoria
	@examples/house-prices/test build/scoria
	@examples/caret-training/test build/scoria build/release/src/capi/libscoria.so.1
	@examples/retail-forecast/train_test build/scoria build/release/src/capi/libscoria.so.1

.PHONY: test-python
test-python: build ## the Python package: its wheel beside live scikit-learn, futures and joblib on a real pool; installs into build/
	@tools/setup python
	@tools/build release scoria_shared
	@clients/python/tests/run build/scoria build/release/src/capi/libscoria.so.1

.PHONY: arrow
arrow: setup ## Parquet, Arrow and object stores: installs pyarrow into build/, and builds the module from the libraries in it
	@tools/setup python
	@tools/install_python build/arrow-venv tools/arrow-requirements.txt
	@tools/build release scoria scoria_arrow
	@ln -sf release/src/bin/scoria build/scoria

.PHONY: test-arrow
test-arrow: arrow ## compares what the module reads and writes with pyarrow, DuckDB and a server that speaks S3
	@tools/install_python build/arrow-venv tests/arrow/requirements.txt
	@tools/build release scoria scoria_arrow arrowio_test
	@ctest --test-dir build/release --output-on-failure --no-tests=error -R '^arrow'

.PHONY: test-stores
test-stores: arrow ## object stores, each against a server on this machine; needs npm, and takes 190 MB in build/
	@tools/install_python build/arrow-venv tests/arrow/requirements.txt
	@tools/install_python build/google-venv tests/arrow/google-requirements.txt
	@tools/install_azurite
	@tools/build release scoria scoria_arrow
	@ctest --test-dir build/release --output-on-failure --no-tests=error -R '^arrow_(stores|azure|google)$$'

.PHONY: test-clients
test-clients: build ## the server with unmodified clients: azure-batch of Python and JavaScript, azure-storage-blob, recorded requests, R; needs npm
	@tools/setup python
	@tools/setup clients
	@tools/install_clients
	@tests/clients/run build/scoria

.PHONY: test-serve
test-serve: build ## scoria serve with unmodified clients and checkers, which it installs: Triton's, MLflow's, AWS', Swagger's, httr, promtool, sslscan, slowhttptest
	@tools/setup serve
	@tools/setup browser
	@tools/install_python build/serve-venv tests/serve/requirements.txt
	@tests/serve/run build/scoria
	@tests/serve/identity/run build/scoria || [ $$? -eq 77 ]
	@mkdir -p build/serve-scripts
	@tests/e2e/script_test.py build/scoria build/serve-scripts
	@tests/e2e/serve_inputs_test.py build/scoria build/serve-scripts

.PHONY: test-serve-long
test-serve-long: build ## scoria serve under pressure, by the goals: poison, overload, SERVE_SWAPS swaps (default 1000), restarts, certificates, killed workers; installs R
	@tools/setup r
	@tests/e2e/serve_pressure.py build/scoria build/serve-long --strict --seconds $${SERVE_SECONDS:-8} --swaps $${SERVE_SWAPS:-1000}

.PHONY: test-containers
test-containers: build ## tasks in containers, by podman and a registry with passwords, which it installs; as root
	@tools/setup containers
	@tests/e2e/container_test.py build/scoria

.PHONY: test-deploy
test-deploy: build ## deploy/: manifests for Kubernetes by its schemas (needs kubectl), the image by podman, which it installs; as root
	@tools/setup deploy
	@tools/install_python build/deploy-venv tests/deploy/requirements.txt
	@timeout 900 tests/deploy/run build/scoria

.PHONY: simulate
simulate: setup ## SEEDS simulated clusters (default 10000) in which everything fails; prints the seeds that broke a promise
	@tools/build release simulate
	@tools/run_simulation build/release/src/sim/simulate

.PHONY: seeded-bugs
seeded-bugs: setup ## does the simulator bite? Each bug that is built in on purpose must be caught within 1,000 seeds; writes docs/seeded-bugs.md
	@tools/build seeded simulate
	@tools/seeded_bugs build/seeded/src/sim/simulate

.PHONY: kill-loop
kill-loop: build ## kill -9 of server, agents and keepers, KILL_ROUNDS times (default 200) under load; then every promise must have been kept
	@tests/e2e/kill_loop.py build/scoria --rounds $${KILL_ROUNDS:-200}

.PHONY: partitions
partitions: build ## nodes cut off from their server in network namespaces, PARTITION_ROUNDS times (default 20) at random; as root
	@tools/setup network
	@tests/e2e/partition_test.py build/scoria --rounds $${PARTITION_ROUNDS:-20}

.PHONY: disk-faults
disk-faults: setup ## disks that fail and are full, under whole processes: state, blobs, nodes, keepers; each of the first 20 fsyncs
	@tools/build release scoria scoria_disk_faults
	@tests/e2e/disk_fault_test.py build/release/src/bin/scoria build/release/tests/libscoria_disk_faults.so --times 20

.PHONY: soak
soak: build ## SOAK_TASKS tasks (default 100000) through four nodes in SOAK_MINUTES (default 60): memory and latencies must stay flat; picture at build/soak.svg
	@tests/e2e/soak.py build/scoria --tasks $${SOAK_TASKS:-100000} --minutes $${SOAK_MINUTES:-60} --report build/soak.svg

.PHONY: test-sanitized
test-sanitized: setup ## the tests of everything under sanitizers: server and commands, too, which `make test` leaves out for its time
	@tools/run_tests asan-service

.PHONY: fuzz
fuzz: setup ## every fuzz target for FUZZ_SECONDS each (default 600)
	@tools/setup fuzz
	@tools/run_fuzz

.PHONY: mutation
mutation: setup ## 10,000 damaged copies of the golden models under sanitizers: an answer or a clear error
	@tools/build asan mutation_test
	SCORIA_MUTATIONS=10000 build/asan/tests/mutation_test

.PHONY: bench
bench: setup ## the benchmarks, each with its answers checked first
	@tools/setup bench
	@tools/build bench
	@bench/run

.PHONY: bench-service
bench-service: setup ## the batch service's numbers: tasks beside posix_spawn, submission, dependent tasks, blobs, a million finished tasks
	@tools/build bench
	@bench/batch_service.py
	@bench/batch_service.py million

.PHONY: retail-full
retail-full: build ## the retail forecast at full size, beside R
	@tools/setup bench
	@bench/retail_full

.PHONY: clean
clean: ## removes everything that was built
	rm -rf build
