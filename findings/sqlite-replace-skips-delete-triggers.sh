#!/usr/bin/env bash
# SQLite 3.40.1 (Debian 12, sqlite3): rows that REPLACE removes fire no DELETE trigger.
#
# Guess: a trigger AFTER DELETE sees every row that goes, whatever statement removes it.
# Seen:  INSERT OR REPLACE and UPDATE OR REPLACE remove rows without a word to the trigger; with
#   PRAGMA recursive_triggers = ON, a setting of the connection and not of the database, they tell.
#   INSERT … ON CONFLICT DO UPDATE is an update and fires UPDATE triggers.
# Here:  a feed of changes written by triggers does not see such a statement of an operator's tool.
#   Change rows with UPDATE and DELETE.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
apt-get download sqlite3 libsqlite3-0 > /dev/null 2>&1 && for package in *.deb; do dpkg-deb -x "$package" .; done
export LD_LIBRARY_PATH="$folder/usr/lib/x86_64-linux-gnu"
ask() { usr/bin/sqlite3 :memory: "$1; CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT); CREATE TABLE told (what TEXT);
    CREATE TRIGGER gone AFTER DELETE ON users BEGIN INSERT INTO told VALUES ('deleted ' || OLD.id); END;
    CREATE TRIGGER changed AFTER UPDATE ON users BEGIN INSERT INTO told VALUES ('updated ' || OLD.id); END;
    INSERT INTO users VALUES (1, 'a'), (2, 'b'); $2; SELECT group_concat(what, ', ') FROM told;"; }
off='PRAGMA recursive_triggers = OFF' on='PRAGMA recursive_triggers = ON'
usr/bin/sqlite3 --version | grep -o '^3\.40\.1'
seen="replace: [$(ask "$off" "INSERT OR REPLACE INTO users VALUES (1, 'c')")]
update or replace: [$(ask "$off" 'UPDATE OR REPLACE users SET id = 2 WHERE id = 1')]
replace, recursive: [$(ask "$on" "INSERT OR REPLACE INTO users VALUES (1, 'c')")]
upsert: [$(ask "$off" "INSERT INTO users VALUES (1, 'c') ON CONFLICT (id) DO UPDATE SET name = 'c'")]"
echo "$seen"
[[ $seen == "replace: []
update or replace: [updated 1]
replace, recursive: [deleted 1]
upsert: [updated 1]" ]]
