#!/usr/bin/env bash
# SQLite 3.40.1 (Debian 12, sqlite3): a migration that rebuilds a table empties the tables that refer
# to it.
#
# Guess: "make users_new, copy, DROP TABLE users, rename" inside a transaction, begun with PRAGMA
#   foreign_keys = OFF, touches users alone; at worst DROP TABLE is refused.
# Seen:  within a transaction that PRAGMA does nothing, without a word. DROP TABLE first deletes the
#   rows: the sessions go by ON DELETE CASCADE and their DELETE triggers fire. `defer_foreign_keys`
#   changes nothing. With the PRAGMA before BEGIN they stay.
# Here:  migration tools open the transaction themselves, so such a migration ends every session, and
#   a feed of changes tells of it. Prefer ALTER TABLE; a rebuild has to run outside a transaction of
#   the tool.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
apt-get download sqlite3 libsqlite3-0 > /dev/null 2>&1 && for package in *.deb; do dpkg-deb -x "$package" .; done
export LD_LIBRARY_PATH="$folder/usr/lib/x86_64-linux-gnu"
rebuild() { usr/bin/sqlite3 :memory: "PRAGMA foreign_keys = ON; CREATE TABLE users (id INTEGER PRIMARY KEY);
    CREATE TABLE sessions (id INTEGER PRIMARY KEY, user INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE);
    CREATE TABLE told (id INTEGER); CREATE TRIGGER gone AFTER DELETE ON sessions BEGIN INSERT INTO told VALUES (OLD.id); END;
    INSERT INTO users VALUES (1), (2); INSERT INTO sessions VALUES (10, 1), (11, 2);
    $1; CREATE TABLE users_new (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO users_new (id) SELECT id FROM users;
    DROP TABLE users; ALTER TABLE users_new RENAME TO users; COMMIT;
    SELECT (SELECT count(*) FROM users) || ' users, ' || (SELECT count(*) FROM sessions) || ' sessions, ' || (SELECT count(*) FROM told) || ' told';"; }
usr/bin/sqlite3 --version | grep -o '^3\.40\.1'
seen="OFF after BEGIN: $(rebuild 'BEGIN; PRAGMA foreign_keys = OFF')
deferred: $(rebuild 'BEGIN; PRAGMA defer_foreign_keys = ON')
OFF before BEGIN: $(rebuild 'PRAGMA foreign_keys = OFF; BEGIN')"
echo "$seen"
[[ $seen == "OFF after BEGIN: 2 users, 0 sessions, 2 told
deferred: 2 users, 0 sessions, 2 told
OFF before BEGIN: 2 users, 2 sessions, 0 told" ]]
