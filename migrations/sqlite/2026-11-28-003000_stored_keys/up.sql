-- The table of migrations/postgres, where it is explained.
CREATE TABLE stored_keys (
    name   TEXT PRIMARY KEY NOT NULL,
    sealed BLOB NOT NULL
) STRICT;
