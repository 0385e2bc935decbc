# Thin: each line is a command that a person could type.

# Where cargo puts what it builds, wherever that was set.
TARGET = $(shell cargo metadata --no-deps --format-version 1 | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')
BUILT = $(TARGET)/release

.PHONY: run test bench bench-short fmt

run:
	scripts/web-build.sh
	cargo build --release -p hookferry
	HOOKFERRY_ALLOW_NETWORKS="$${HOOKFERRY_ALLOW_NETWORKS-127.0.0.0/8,::1/128}" "$(BUILT)/hookferry" serve --hints

test:
	scripts/test-setup.sh
	cd web && npm run --silent check
	scripts/web-build.sh
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	cargo test --workspace
	cd tests/browser && HOOKFERRY_BINARY="$(TARGET)/debug/hookferry" npm test

bench:
	cargo build --release -p hookferry -p bench
	"$(BUILT)/bench"

bench-short:
	cargo build --release -p hookferry -p bench
	"$(BUILT)/bench" --short

fmt:
	cargo fmt --all
