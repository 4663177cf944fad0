#!/usr/bin/env bash
# SQLite 3.54.1 in apsw 3.54.1.0 (PyPI): INSERT … RETURNING outside a transaction is not committed when
# its row has been read.
#
# Guess: without BEGIN each statement commits by itself, so when RETURNING has given the one row, the
#   row is stored and others may write.
# Seen:  the statement ends with the next step, which reads that there is no further row. Until then
#   another connection does not see the row, and its write waits its whole busy timeout: BusyError
#   "database is locked"; `in_transaction` says False all the while.
# Here:  code that takes the first row of an upsert and keeps the cursor stops every other login on the
#   database, though no transaction is open. Read the rows to the end, or close the cursor.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
python3 -m venv venv && venv/bin/pip install --quiet --disable-pip-version-check apsw==3.54.1.0
cat > run.py <<'PY'
import sys, apsw
one, other = apsw.Connection("test.db"), apsw.Connection("test.db")
one.execute("PRAGMA journal_mode = WAL")
one.execute("CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT)")
other.set_busy_timeout(200)

def rows():
    return next(other.execute("SELECT count(*) FROM users"))[0]

def write():
    try:
        other.execute("INSERT INTO users (name) VALUES ('b')")
        return "written"
    except apsw.BusyError as error:
        return f"BusyError: {error}"

cursor = one.execute("INSERT INTO users (name) VALUES ('a') RETURNING id")
identifier = next(cursor)[0]
seen = [identifier, one.in_transaction, rows(), write()]
rest = list(cursor)
seen += [rest, rows(), write()]
print(f"SQLite {apsw.sqlite_lib_version()}: id, in_transaction, rows seen by another, its write; the rest, rows, write:", seen)
sys.exit(0 if seen == [1, False, 0, "BusyError: database is locked", [], 1, "written"] else 1)
PY
venv/bin/python run.py
