#!/usr/bin/env bash
# promtool 2.42.0 (Debian 12, prometheus): `check metrics` does not read OpenMetrics.
#
# Guess: Prometheus scrapes OpenMetrics, so its own linter takes a page in that format.
# Seen:  a correct OpenMetrics counter (`# TYPE logins counter`, sample `logins_total`) is
#   "logins_total no help text", exit code 3; the same in the older text format
#   (`# TYPE logins_total counter`) is well. Histograms pass in both.
# Here:  a service whose library writes OpenMetrics fails this check at its first counter, although
#   Prometheus reads it; the older format satisfies both.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
apt-get download prometheus > /dev/null 2>&1 && dpkg-deb -x prometheus_*.deb .
usr/bin/promtool --version 2>&1 | head -1 | grep -o 'promtool, version 2\.42\.0[^ ]*'
check() { usr/bin/promtool check metrics 2>&1 && echo "exit 0" || echo "exit $?"; }
openmetrics=$(printf '# HELP logins Logins.\n# TYPE logins counter\nlogins_total{app="a"} 5\n# EOF\n' | check)
text=$(printf '# HELP logins_total Logins.\n# TYPE logins_total counter\nlogins_total{app="a"} 5\n' | check)
printf 'OpenMetrics: %s\ntext format: %s\n' "$openmetrics" "$text"
[[ $openmetrics == *"logins_total no help text"*"exit 3" && $text == "exit 0" ]]
