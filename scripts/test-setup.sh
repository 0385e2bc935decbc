#!/bin/sh
# Installs what the tests need and is missing: PostgreSQL, Chromium, a fake clock, Python with the judges' packages and
# aiosmtpd, Node packages. Quick when all is there; never changes what is.
#
# HOOKFERRY_TEST_CACHE names the folder for the packages (default: tests/.cache).
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
cache=${HOOKFERRY_TEST_CACHE:-$root/tests/.cache}
judges=$root/tests/judges
mkdir -p "$cache"

say() { printf '%s\n' "test-setup: $*" >&2; }

debian() {
    say "installing $*"
    if ! command -v apt-get >/dev/null 2>&1; then
        say "this is no Debian: please install what these packages hold: $*"
        exit 1
    fi
    sudo=
    if [ "$(id -u)" != 0 ]; then
        sudo=sudo
        command -v sudo >/dev/null 2>&1 || { say "as root, please: apt-get install $*"; exit 1; }
    fi
    $sudo apt-get update -qq
    $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$@" >"$cache/apt.log" 2>&1 || {
        tail -n 20 "$cache/apt.log" >&2
        exit 1
    }
}

has_postgres() {
    for initdb in /usr/lib/postgresql/*/bin/initdb; do
        [ -x "$initdb" ] && return 0
    done
    command -v initdb >/dev/null 2>&1 && command -v postgres >/dev/null 2>&1
}

# What gives a program another clock: screenshots tell of a day that has passed.
has_fake_clock() {
    for library in /usr/lib/faketime/libfaketimeMT.so.1 /usr/lib/*/faketime/libfaketimeMT.so.1; do
        [ -f "$library" ] && return 0
    done
    return 1
}

# The packages are there and the list of them is the one they were installed from.
fresh() {
    [ -f "$1/installed" ] || return 1
    list=$1
    shift
    cat "$@" | cmp -s - "$list/installed"
}

has_postgres || debian postgresql
python3 -c 'import ensurepip, venv' >/dev/null 2>&1 || debian python3-venv
command -v node >/dev/null 2>&1 && command -v npm >/dev/null 2>&1 || debian nodejs npm
command -v chromium >/dev/null 2>&1 || debian chromium
command -v openssl >/dev/null 2>&1 || debian openssl
has_fake_clock || ! command -v apt-get >/dev/null 2>&1 || debian faketime

if ! fresh "$cache/venv" "$judges/requirements.txt"; then
    say "installing the Python packages of tests/judges"
    python3 -m venv --clear "$cache/venv"
    "$cache/venv/bin/pip" install --quiet --disable-pip-version-check -r "$judges/requirements.txt"
    cp "$judges/requirements.txt" "$cache/venv/installed"
fi

if ! fresh "$cache/judges" "$judges/package.json" "$judges/package-lock.json"; then
    say "installing the Node packages of tests/judges"
    mkdir -p "$cache/judges"
    cp "$judges/package.json" "$judges/package-lock.json" "$judges/.npmrc" "$cache/judges/"
    (cd "$cache/judges" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error)
    cat "$judges/package.json" "$judges/package-lock.json" >"$cache/judges/installed"
fi
ln -sf "$judges/judge.mjs" "$cache/judges/judge.mjs"

for folder in web tests/browser; do
    "$root/scripts/npm-install.sh" "$root/$folder"
done
