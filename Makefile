# `make serve` and `make test` do everything; `make help` lists the rest.

PORT ?= 8080
HOST ?= 127.0.0.1

TARGET := $(or $(CARGO_TARGET_DIR),target)
RINGSIDE := $(TARGET)/release/ringside
SITE := $(TARGET)/release/site
PROFILED := $(TARGET)/profiled/ringside
export PATH := $(abspath $(TARGET)/tools/bin):$(PATH)

# Folders too: a file that is gone changes the time of its folder.
MANIFEST := Cargo.toml Cargo.lock
CORE_SOURCES := $(shell find src -path src/app -prune -o -path src/bin -prune -o -print)
RINGSIDE_SOURCES := $(CORE_SOURCES) $(shell find src/bin/ringside)
SITE_SOURCES := $(CORE_SOURCES) $(shell find src/bin/site)
DIST_SOURCES := $(CORE_SOURCES) $(shell find src/app www static)
NATIVE := cargo build --release --locked --features site --bin

.DELETE_ON_ERROR:
.PHONY: serve test dist bench swarm lint clean help tools test-tools

serve: dist $(RINGSIDE) ## Build what has changed and serve it at http://127.0.0.1:8080 (PORT=, HOST=)
	@$(RINGSIDE) serve --port $(PORT) --host $(HOST) dist

test: test-tools dist $(RINGSIDE) ## Run every test: native, in the browser, journeys
	@.ci/test

dist: dist/first-load.json ## Build the static site in dist/

bench: $(RINGSIDE) $(PROFILED) ## Measure the engine natively and in WebAssembly, beside SimPy and Ciw (minutes)
	@.ci/need cargo wasm-target bindgen wasm-opt esbuild node playwright browser
	@node tests/bench/bench.mjs

swarm: ## Run thousands of random designs, faults and edits (RUNS=); SEED=n repeats one
	@.ci/need cargo
	RUNS=$(or $(RUNS),3000) cargo test --locked --test swarm -- --nocapture

lint: ## Check formatting, lints (host and browser) and documentation; warnings are errors
	@.ci/need cargo lint wasm-target
	cargo fmt --check
	cargo clippy --locked --features site --all-targets -- -D warnings
	cargo clippy --locked --target wasm32-unknown-unknown --lib --tests -- -D warnings
	RUSTDOCFLAGS='-D warnings' cargo doc --locked --no-deps --lib --document-private-items

clean: ## Remove all that was built, but not the installed tools
	rm -rf dist
	find $(TARGET) -mindepth 1 -maxdepth 1 ! -name tools -exec rm -rf {} + 2>/dev/null || true

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

tools:
	@.ci/need cargo wasm-target bindgen wasm-opt esbuild

test-tools:
	@.ci/need cargo wasm-target bindgen wasm-pack node playwright browser \
		firefox geckodriver webkit webkitdriver xvfb

dist/first-load.json: $(DIST_SOURCES) $(MANIFEST) $(SITE) | tools
	$(SITE) --out dist --wasm-opt $(TARGET)/tools/node_modules/.bin/wasm-opt \
		--esbuild $(TARGET)/tools/esbuild/node_modules/.bin/esbuild

# Both at once, so that they are linked side by side. Cargo leaves a binary alone that it finds up to
# date; `touch` tells make so.
$(RINGSIDE): $(RINGSIDE_SOURCES) $(SITE_SOURCES) $(MANIFEST) | tools
	$(NATIVE) ringside --bin site
	@touch $(RINGSIDE) $(SITE)

$(SITE): $(RINGSIDE) ;

$(PROFILED): $(RINGSIDE_SOURCES) $(MANIFEST) .ci/profiled
	.ci/profiled $@
