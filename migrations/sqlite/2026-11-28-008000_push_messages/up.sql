-- Messages that WeChat pushed: the table of migrations/postgres, where it is explained.

CREATE TABLE push_messages (
    id              BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 16),
    app_id          TEXT NOT NULL,
    repeat_key      BLOB NOT NULL,
    event           TEXT NOT NULL,
    user_hash       BLOB,
    payload         BLOB,
    answer          BLOB,
    state           TEXT NOT NULL CHECK (state IN ('waiting', 'delivered', 'expired')),
    attempts        INTEGER NOT NULL,
    received_at     INTEGER NOT NULL,
    next_attempt_at INTEGER NOT NULL,
    claimed_until   INTEGER,
    last_error      TEXT,
    settled_at      INTEGER,
    UNIQUE (app_id, repeat_key),
    CHECK ((state = 'waiting') = (payload IS NOT NULL))
) STRICT;

CREATE INDEX push_messages_due ON push_messages (next_attempt_at) WHERE state = 'waiting';
CREATE INDEX push_messages_settled ON push_messages (settled_at) WHERE state <> 'waiting';
CREATE INDEX push_messages_user ON push_messages (user_hash) WHERE user_hash IS NOT NULL;
