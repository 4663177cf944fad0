-- The columns of migrations/postgres, where they are explained. (SQLite adds no column whose default
-- is an expression.)
CREATE TABLE new_signing_keys (
    id         BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 16),
    seed       BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    algorithm  TEXT NOT NULL DEFAULT 'EdDSA',
    used_at    INTEGER NOT NULL DEFAULT (CAST(unixepoch('subsec') * 1000000 AS INTEGER))
) STRICT;

INSERT INTO new_signing_keys (id, seed, created_at)
SELECT id, seed, min(created_at, CAST(unixepoch('subsec') * 1000000 AS INTEGER)) FROM signing_keys;

DROP TABLE signing_keys;
ALTER TABLE new_signing_keys RENAME TO signing_keys;
