#!/bin/sh
# Installs the Node packages of a folder, exactly those of its lockfile. Quick when they are there.
#
# Usage: npm-install.sh FOLDER
set -eu

cd "$1"
installed=node_modules/.lockfile-installed
cmp -s package-lock.json "$installed" && exit 0

printf '%s\n' "npm-install: installing the Node packages of $1" >&2
export PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1
npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2
cp package-lock.json "$installed"
