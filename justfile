# The most used commands. `just` alone lists them.

set positional-arguments

[private]
default:
    @just --list --unsorted

# Start the service; without settings on SQLite, with a simulated WeChat
run *arguments:
    cargo run -- "$@"

# Run all tests, or those you name: just test -p wxcrypto
test *arguments:
    cargo test "$@"

# Test the package for mini programs
client:
    .ci/run prepare client

# Test the sandbox's page in Chromium; the screenshots are in target/screenshots
browser:
    .ci/run prepare browser

# What CI checks besides the tests: format, lints, docs, dependencies
check:
    .ci/run format lint docs deny

# All that CI does
ci:
    .ci/run

# Format the code
fmt:
    cargo fmt --all

# Build the documentation of the crates; --open shows it
docs *arguments:
    cargo doc --workspace --no-deps "$@"

# Start a PostgreSQL for development, and say how to run the service on it
db:
    deploy/dev-postgres start

# Stop it; its data stays in data/postgres
db-stop:
    deploy/dev-postgres stop

# Run the benchmark (an hour; nothing else should run meanwhile), or a part: just bench compare me
bench *arguments="all":
    cargo run --release -p wxbench -- {{ arguments }}

# Start the simulated WeChat alone
sandbox *arguments:
    cargo run -p wxsandbox -- "$@"

# Make the secrets that docker-compose.yml mounts; those that are there stay
secrets:
    deploy/make-secrets

# Start everything in Docker with WeChat, or with the simulated one: just up sandbox
up profile="wechat": secrets
    docker compose --profile {{ profile }} up --build --detach

# Add Prometheus and a Grafana with a dashboard to it, at http://127.0.0.1:3000
observe:
    docker compose --profile observability up --detach prometheus grafana

# Stop what `just up` started; the data stays
down:
    docker compose --profile wechat --profile sandbox --profile observability down

# Build the images wxlogin and wxsandbox
image:
    docker build --target wxsandbox --tag wxsandbox .
    docker build --tag wxlogin .

# Test the receivers of docs/push.md against their frameworks (needs the network), or some: just push-receivers Koa
push-receivers *arguments:
    examples/push-receivers/run.sh "$@"

# Run the service beside gateways and other backends (needs root on Debian and the network), or some: just neighbours gateways:nginx
neighbours *arguments:
    cargo build -p api -p wxsandbox
    python3 neighbours "$@"

# Test the shop of examples/virtual-payment against the programs that were built (needs the network)
example-shop:
    npm install --prefix examples/virtual-payment --no-audit --no-fund --no-package-lock
    npm test --prefix examples/virtual-payment

# Build and test the example for uni-app (needs the network; minutes)
example-uni-app: (_framework "uni-app")

# Build and test the example for Taro (needs the network; minutes)
example-taro: (_framework "taro")

_framework name:
    cargo build --quiet -p api
    npm install --prefix clients/miniprogram --no-audit --no-fund && npm run build --prefix clients/miniprogram
    npm install --prefix examples/{{ name }} --no-audit --no-fund && npm test --prefix examples/{{ name }}

# Look for known vulnerabilities in the dependencies (needs the network)
audit:
    cargo deny check advisories
