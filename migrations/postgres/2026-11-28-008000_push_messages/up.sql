-- Messages that WeChat pushed and another service of the team is to get. payload is the message, as
-- it came and sealed; it is there while the message waits. answer is what WeChat got, sealed, for
-- WeChat's repeats, which repeat_key tells: a SHA-256. user_hash is the SHA-256 of app and openid,
-- while the message waits, so that it goes with the account. All times are the database's own.
CREATE TABLE push_messages (
    id              uuid PRIMARY KEY,
    app_id          text COLLATE "C" NOT NULL,
    repeat_key      bytea NOT NULL,
    event           text NOT NULL,
    user_hash       bytea,
    payload         bytea,
    answer          bytea,
    state           text NOT NULL CHECK (state IN ('waiting', 'delivered', 'expired')),
    attempts        integer NOT NULL,
    received_at     timestamptz NOT NULL,
    next_attempt_at timestamptz NOT NULL,
    -- Until when one replica alone may send it.
    claimed_until   timestamptz,
    last_error      text,
    settled_at      timestamptz,
    CONSTRAINT push_messages_repeat UNIQUE (app_id, repeat_key),
    CHECK ((state = 'waiting') = (payload IS NOT NULL))
);

CREATE INDEX push_messages_due ON push_messages (next_attempt_at) WHERE state = 'waiting';
CREATE INDEX push_messages_settled ON push_messages (settled_at) WHERE state <> 'waiting';
CREATE INDEX push_messages_user ON push_messages (user_hash) WHERE user_hash IS NOT NULL;
