#!/bin/sh
# Builds the dashboard into web/dist, from where cargo embeds it. Quick when nothing has changed.
# Where there is no Node it says so and leaves it: the program builds and runs without a dashboard.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
built=dist/.built

say() { printf '%s\n' "web-build: $*" >&2; }

has_node() {
    command -v npm >/dev/null 2>&1 || return 1
    node -e 'process.exit(Number(process.versions.node.split(".")[0]) < 20 ? 1 : 0)' 2>/dev/null
}

# Everything that the build reads is older than the last one. Folders count: a file may have gone.
is_fresh() {
    [ -f "$built" ] && [ -f dist/index.html.br ] || return 1
    newer=$(find src public scripts index.html vite.config.ts tsconfig.json package.json package-lock.json \
        -newer "$built" -print | head -n 1)
    [ -z "$newer" ]
}

cd "$root/web"
if ! has_node; then
    say "no npm with Node.js 20 or newer here: going on without building the dashboard"
    exit 0
fi
if is_fresh; then exit 0; fi

"$root/scripts/npm-install.sh" "$root/web" || {
    say "the packages cannot be installed (see above): going on without building the dashboard"
    exit 0
}
say "building the dashboard"
begun=$(mktemp)
trap 'rm -f "$begun"' EXIT
npm run --silent build >&2
# What was changed while it was being built is newer than this.
cp -p "$begun" "$built"
