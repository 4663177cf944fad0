#!/usr/bin/env bash
# Points published SDKs that were not written here at the sandbox: wechatpy (Python) and
# node-easywechat (JavaScript). Needs Python 3.10 with venv, and Node.js 18 with npm.
#
#   crates/wxsandbox/tests/foreign/run.sh
#
# The versions are pinned with their hashes in requirements.txt and easywechat/package-lock.json;
# what is installed stays under the target directory. The last line counts.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../../../.." && pwd)
target=${CARGO_TARGET_DIR:-$root/target}
scratch=$target/foreign

main() {
    (cd "$root" && cargo build --quiet -p wxsandbox)
    install
    start_sandbox
    local output="$scratch/output" status=0
    "$scratch/venv/bin/python" "$here/wechatpy_sdk.py" "$base" "$app" "$secret" | tee "$output" || status=1
    (cd "$scratch/easywechat" && node "$here/easywechat/easywechat_sdk.js" "$base" "$app" "$secret") \
        | tee -a "$output" || status=1
    local passed failed
    passed=$(grep -c '^ok  ' "$output" || true)
    failed=$(grep -c '^FAIL  ' "$output" || true)
    echo "$passed passed, $failed failed"
    # An SDK that broke off before its tests is no success.
    [[ $status -eq 0 && $failed -eq 0 && $passed -gt 0 ]]
}

# Installs what is pinned, unless it is there.
install() {
    mkdir -p "$scratch"
    if ! cmp --silent "$here/requirements.txt" "$scratch/venv/installed"; then
        rm -rf "$scratch/venv"
        python3 -m venv "$scratch/venv"
        "$scratch/venv/bin/pip" install --quiet --disable-pip-version-check --require-hashes \
            --only-binary :all: -r "$here/requirements.txt"
        cp "$here/requirements.txt" "$scratch/venv/installed"
    fi
    if ! cmp --silent "$here/easywechat/package-lock.json" "$scratch/easywechat/installed"; then
        rm -rf "$scratch/easywechat"
        mkdir -p "$scratch/easywechat"
        cp "$here"/easywechat/package*.json "$scratch/easywechat/"
        npm --prefix "$scratch/easywechat" ci --silent --ignore-scripts --no-audit --no-fund
        cp "$here/easywechat/package-lock.json" "$scratch/easywechat/installed"
    fi
}

# Sets base, app and secret from the greeting.
start_sandbox() {
    local greeting="$scratch/greeting"
    : > "$greeting"
    "$target/debug/wxsandbox" --listen 127.0.0.1:0 > "$greeting" &
    sandbox=$!
    trap 'kill "$sandbox"' EXIT
    local _
    for _ in {1..100}; do
        grep -q '^wx.login of' "$greeting" && break
        kill -0 "$sandbox" && sleep 0.1
    done
    base=$(sed -n "s/^WeChat's sandbox listens at //p" "$greeting")
    read -r app secret < <(sed -n 's/^  app \([^ ]*\) secret \([^ ]*\) .*/\1 \2/p' "$greeting")
}

main
