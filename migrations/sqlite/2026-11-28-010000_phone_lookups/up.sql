-- As in PostgreSQL.
CREATE TABLE phone_lookups (
    user_id BLOB PRIMARY KEY NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    day     INTEGER NOT NULL,
    lookups INTEGER NOT NULL CHECK (lookups >= 0)
) STRICT;
