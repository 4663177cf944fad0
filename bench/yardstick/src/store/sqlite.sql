CREATE TABLE IF NOT EXISTS users (
    id          blob PRIMARY KEY,
    nick_name   text,
    avatar_url  text,
    gender      smallint,
    language    text,
    country     text,
    province    text,
    city        text,
    created_at  text NOT NULL,
    disabled_at text
);

-- The foreign key is checked at the end, so that the upsert can come first and say whether the
-- user is new.
CREATE TABLE IF NOT EXISTS identities (
    open_id       text NOT NULL,
    app_id        text NOT NULL,
    user_id       blob NOT NULL REFERENCES users (id) DEFERRABLE INITIALLY DEFERRED,
    union_id      text,
    session_key   text NOT NULL,
    created_at    text NOT NULL,
    last_login_at text NOT NULL,
    PRIMARY KEY (open_id, app_id)
);

CREATE INDEX IF NOT EXISTS identities_user ON identities (user_id);

-- Without a foreign key, as in wxlogin: it would lock the user's row at every login.
CREATE TABLE IF NOT EXISTS sessions (
    id           blob PRIMARY KEY,
    user_id      blob NOT NULL,
    app_id       text NOT NULL,
    open_id      text NOT NULL,
    refresh_hash blob NOT NULL UNIQUE,
    created_at   text NOT NULL,
    last_used_at text NOT NULL,
    expires_at   text NOT NULL,
    ended_at     text
);

CREATE INDEX IF NOT EXISTS sessions_user ON sessions (user_id);
