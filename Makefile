# The commands: `make up`, `make test`, and `make test-all` for what only some changes need. Everything else is in
# package.json's scripts and in the README.
.POSIX:
.PHONY: up down env test test-all

# Gets a Node.js where the machine's own is too old.
NODE = development/toolchain/node.sh
TYPESCRIPT = $(NODE) node

# make up APPS=1: with the containers of BFF and API, for which a Docker engine is needed.
APPS =
export APPS

up: node_modules/.package-lock.json
	@$(TYPESCRIPT) development/up.ts

down: node_modules/.package-lock.json
	@$(TYPESCRIPT) development/down.ts

# Prints exports and nothing else: eval "$(make env)"
env: node_modules/.package-lock.json
	@$(TYPESCRIPT) development/env.ts

test: node_modules/.package-lock.json
	@$(TYPESCRIPT) tests/run.ts

test-all: node_modules/.package-lock.json
	@$(TYPESCRIPT) tests/run.ts --all

node_modules/.package-lock.json: package-lock.json
	@echo "Installing npm packages ..." >&2
	@$(NODE) npm ci --no-audit --no-fund >&2
	@touch $@
