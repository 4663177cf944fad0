#!/usr/bin/env bash
# The service's avatars in an S3 server that was not written here (moto). Needs Python 3.10 with venv,
# and Node.js 20.
#
#   crates/avatars/tests/s3/run.sh
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../../../.." && pwd)
target=${CARGO_TARGET_DIR:-$root/target}
version=5.2.5
venv=$target/moto

(cd "$root" && cargo build --locked --quiet -p api)
if [[ $(cat "$venv/installed" 2> /dev/null) != "$version" ]]; then
    python3 -m venv --clear "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: "moto[server]==$version"
    echo "$version" > "$venv/installed"
fi
MOTO_SERVER=$venv/bin/moto_server WXLOGIN=$target/debug/wxlogin node --test "$here"
