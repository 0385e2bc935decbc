# Thin: each line is a command that a person could type.

.PHONY: run test bench bench-short fmt

run:
	cargo build --release -p hookferry
	HOOKFERRY_ALLOW_NETWORKS="$${HOOKFERRY_ALLOW_NETWORKS-127.0.0.0/8,::1/128}" "$${CARGO_TARGET_DIR:-target}/release/hookferry" serve --hints

test:
	scripts/test-setup.sh
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	cargo test --workspace

bench:
	cargo build --release -p hookferry -p bench
	"$${CARGO_TARGET_DIR:-target}/release/bench"

bench-short:
	cargo build --release -p hookferry -p bench
	"$${CARGO_TARGET_DIR:-target}/release/bench" --short

fmt:
	cargo fmt --all
