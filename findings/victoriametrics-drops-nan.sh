#!/usr/bin/env bash
# Prometheus 2.42.0 and VictoriaMetrics 1.79.5 (Debian 12) reading one page that has a gauge of NaN.
#
# Guess: both have the same series of one page; a gauge that is not known yet is there, with NaN.
# Seen:  both have `queue 0`; `last_success NaN` is there in Prometheus and not in VictoriaMetrics. They
#   are not even given the same page: Prometheus asks for OpenMetrics first, VictoriaMetrics for
#   text/plain alone.
# Here:  `absent(last_success)` warns in VictoriaMetrics from the start until the first success, and
#   never in Prometheus. A service leaves out what it does not know, which reads alike in both.
set -euo pipefail
folder=$(mktemp -d); trap 'kill $(jobs -p) 2> /dev/null || true; rm -rf "$folder"' EXIT; cd "$folder"
apt-get download prometheus victoria-metrics > /dev/null 2>&1 && for package in *.deb; do dpkg-deb -x "$package" .; done
ls ./*.deb | sed -n 's#^\./\([a-z-]*_[0-9.]*\).*#\1#p'
cat > servers.mjs <<'JS'
import { createServer } from 'node:http'
import { writeFileSync, renameSync } from 'node:fs'
const free = () => new Promise(done => { const s = createServer().listen(0, '127.0.0.1', () => { const { port } = s.address(); s.close(() => done(port)) }) })
const page = createServer((request, answer) => {
  const agent = request.headers['user-agent'].startsWith('Prometheus') ? 'prometheus' : 'victoria'
  writeFileSync(`${agent}.accept`, request.headers.accept + '\n')
  answer.setHeader('content-type', 'text/plain; version=0.0.4')
  answer.end('# TYPE queue gauge\nqueue 0\n# TYPE last_success gauge\nlast_success NaN\n')
})
await new Promise(done => page.listen(0, '127.0.0.1', done))
writeFileSync('scrape.yml', `global: {scrape_interval: 1s}\nscrape_configs: [{job_name: login, static_configs: [{targets: ['127.0.0.1:${page.address().port}']}]}]\n`)
writeFileSync('ports.new', `${await free()} ${await free()}\n`); renameSync('ports.new', 'ports')
JS
node servers.mjs & until [[ -s ports ]]; do sleep 0.1; done
read -r prometheus victoria < ports
usr/bin/prometheus --config.file=scrape.yml --storage.tsdb.path=prometheus --web.listen-address="127.0.0.1:$prometheus" 2> prometheus.log &
usr/bin/victoria-metrics -promscrape.config=scrape.yml -storageDataPath=victoria -httpListenAddr="127.0.0.1:$victoria" -search.latencyOffset=1s 2> victoria.log &
query() { curl -s -G "http://127.0.0.1:$1/api/v1/query" --data-urlencode "query=$2" || true; }
seen=
for name in prometheus victoria; do
    for _ in {1..60}; do [[ $(query "${!name}" queue) == *'"__name__":"queue"'* ]] && break; sleep 0.5; done
    sleep 3
    value() { query "${!name}" "$1" | grep -o '"value":\[[^]]*\]' | cut -d'"' -f4 || true; }
    line="$name: queue $(value queue), last_success $(value last_success)"; echo "$line; Accept: $(cut -d, -f1 "$name.accept")"; seen+="$line;"
done
[[ $seen == "prometheus: queue 0, last_success NaN;victoria: queue 0, last_success ;" && $(< prometheus.accept) == application/openmetrics-text* && $(< victoria.accept) == text/plain* ]]
