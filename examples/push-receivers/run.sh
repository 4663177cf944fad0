#!/usr/bin/env bash
# Runs the receivers of docs/push.md, as they stand there, against signed messages.
#
#   examples/push-receivers/run.sh              all
#   examples/push-receivers/run.sh Koa Flask    these
#
# Needs Node.js 18 or later with npm, Python 3.10 or later, and the two package registries.
set -euo pipefail
cd "$(dirname "$0")"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cp package.json requirements.txt ./*.mjs tsconfig.json "$work"
# node:sqlite is in Node.js 22.13 and later; an older one gets a newer beside it.
packages=()
node --eval "import('node:sqlite').catch(() => process.exit(1))" 2> /dev/null || packages=(node@24.21.0)
npm install --prefix "$work" --no-audit --no-fund --no-package-lock --loglevel=error "${packages[@]}"
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check --requirement requirements.txt

PATH="$work/venv/bin:$work/node_modules/.bin:$PATH" python3 check.py "$work" "$@"
