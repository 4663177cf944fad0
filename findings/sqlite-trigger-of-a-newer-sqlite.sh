#!/usr/bin/env bash
# SQLite 3.40.1 (Debian 12, sqlite3): a date modifier that an older library does not know is NULL,
# not an error.
#
# Guess: unixepoch('subsec'), which SQLite has since 3.42, is refused by an older library when the
#   schema is read, or works.
# Seen:  it is NULL without a word. In a default with NOT NULL that a trigger uses, every UPDATE of
#   the table by the distribution's tool fails: "NOT NULL constraint failed: changes.at", naming a
#   table that the statement does not mention.
# Here:  a service that carries its own SQLite must write its triggers and defaults for the oldest
#   SQLite that an operator's tools may have.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
apt-get download sqlite3 libsqlite3-0 > /dev/null 2>&1 && for package in *.deb; do dpkg-deb -x "$package" .; done
export LD_LIBRARY_PATH="$folder/usr/lib/x86_64-linux-gnu"
usr/bin/sqlite3 --version | grep -o '^3\.40\.1'
value=$(usr/bin/sqlite3 :memory: "SELECT quote(unixepoch('subsec')), quote(unixepoch('now', 'subsec'))")
update=$(usr/bin/sqlite3 :memory: "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);
    CREATE TABLE changes (at INTEGER NOT NULL DEFAULT (CAST(unixepoch('subsec') * 1000 AS INTEGER)), id INTEGER);
    CREATE TRIGGER changed AFTER UPDATE ON users BEGIN INSERT INTO changes (id) VALUES (OLD.id); END;
    INSERT INTO users VALUES (1, 'a'); UPDATE users SET name = 'b';" 2>&1 || true)
printf 'value: %s\nupdate: %s\n' "$value" "$update"
[[ $value == "NULL|NULL" && $update == *"NOT NULL constraint failed: changes.at"* ]]
