#!/usr/bin/env bash
# Pgpool-II 4.3.5 (Debian 12) in front of PostgreSQL 15 with one standby, load_balance_mode = on.
#
# Guess: SELECT pg_is_in_recovery() tells a client whether its reads get to the standby, because it is a read itself.
# Seen:  it is always false. The function is volatile, so Pgpool-II sends each statement that holds it to the primary,
#   while the same session's other reads, also those of pg_backend_pid() and inet_server_port(), get to the standby.
#   current_setting('in_hot_standby') is a stable function and tells where reads go: on.
# Here:  a program that must not read from a standby asks for in_hot_standby and pg_is_in_recovery() in two statements:
#   on and false together are a proxy that splits reads from writes.
set -euo pipefail
folder=$(mktemp -d); cd "$folder"; tools=/usr/lib/postgresql/15/bin
as=(); [[ $EUID -ne 0 ]] || as=(setpriv --reuid nobody --regid nogroup --clear-groups)
# SIGTERM would wait for all connections; SIGINT does not.
trap 'if [[ ${pgpool:-} ]]; then kill -INT "$pgpool" || true; wait "$pgpool" || true; fi
    for name in primary standby; do "${as[@]}" "$tools/pg_ctl" -D "$folder/$name" -m immediate stop > /dev/null 2>&1 || true; done; rm -rf "$folder"' EXIT
apt-get download pgpool2 libpgpool2 libmemcached11 libhashkit2 > /dev/null 2>&1
for package in *.deb; do dpkg-deb -x "$package" .; done
export LD_LIBRARY_PATH="$folder/usr/lib/x86_64-linux-gnu"
usr/sbin/pgpool --version 2>&1 | grep -o '4\.3\.5'; "$tools/postgres" --version | grep -o ' 15\.'
chmod 755 .; [[ $EUID -ne 0 ]] || chown nobody:nogroup .
port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
one=$(port); two=$(port); front=$(port); pcp=$(port)
"${as[@]}" "$tools/initdb" -D "$folder/primary" -U postgres -A trust > /dev/null
"${as[@]}" "$tools/pg_ctl" -D "$folder/primary" -w -o "-p $one -h 127.0.0.1 -k $folder" -l primary.log start > /dev/null
"${as[@]}" "$tools/pg_basebackup" -d "postgres://postgres@127.0.0.1:$one" -D "$folder/standby" -R --checkpoint=fast
"${as[@]}" "$tools/pg_ctl" -D "$folder/standby" -w -o "-p $two -h 127.0.0.1 -k $folder" -l standby.log start > /dev/null
cat > pgpool.conf <<CONF
backend_clustering_mode = 'streaming_replication'
listen_addresses = '127.0.0.1'
port = $front
pcp_port = $pcp
socket_dir = '$folder'
pcp_socket_dir = '$folder'
pid_file_name = '$folder/pgpool.pid'
logdir = '$folder'
sr_check_user = 'postgres'
load_balance_mode = on
backend_hostname0 = '127.0.0.1'
backend_port0 = $one
backend_weight0 = 0
backend_hostname1 = '127.0.0.1'
backend_port1 = $two
backend_weight1 = 1
CONF
"${as[@]}" usr/sbin/pgpool -n -f pgpool.conf > pgpool.log 2>&1 & pgpool=$!
ask() { psql "postgres://postgres@127.0.0.1:$front/postgres" -At -c "$1"; }
until ask 'SELECT 1' > /dev/null 2>&1 && [[ $(ask 'SELECT inet_server_port()') == "$two" ]]; do sleep 0.2; kill -0 "$pgpool"; done
seen="in_hot_standby: $(ask "SELECT current_setting('in_hot_standby')"); pg_is_in_recovery: $(ask 'SELECT pg_is_in_recovery()')"
seen+="; provolatile: $(ask "SELECT provolatile FROM pg_proc WHERE proname = 'pg_is_in_recovery'")"
echo "$seen"
[[ $seen == "in_hot_standby: on; pg_is_in_recovery: f; provolatile: v" ]]
