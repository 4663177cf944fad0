-- Users, their identities in mini programs, and their sessions: the tables of
-- migrations/postgres, where each is explained. Ids are 16 bytes, instants microseconds since
-- 1970.

CREATE TABLE users (
    id          BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 16),
    nick_name   TEXT,
    avatar_url  TEXT,
    gender      INTEGER CHECK (gender BETWEEN 0 AND 2),
    language    TEXT,
    country     TEXT,
    province    TEXT,
    city        TEXT,
    phone       TEXT,
    created_at  INTEGER NOT NULL,
    disabled_at INTEGER,
    revision    INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE INDEX users_phone ON users (phone) WHERE phone IS NOT NULL;

CREATE TABLE identities (
    app_id        TEXT NOT NULL,
    open_id       TEXT NOT NULL,
    user_id       BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    union_id      TEXT,
    open_platform TEXT,
    session_keys  BLOB NOT NULL,
    created_at    INTEGER NOT NULL,
    last_login_at INTEGER NOT NULL,
    revision      INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (open_id, app_id)
) STRICT;

CREATE INDEX identities_user ON identities (user_id);
CREATE INDEX identities_union_id ON identities (union_id) WHERE union_id IS NOT NULL;

CREATE TABLE union_ids (
    open_platform TEXT NOT NULL,
    union_id      TEXT NOT NULL,
    user_id       BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    PRIMARY KEY (union_id, open_platform)
) STRICT;

CREATE INDEX union_ids_user ON union_ids (user_id);

-- Each is added at one end of one tree, and not of two.
CREATE TABLE sessions (
    id           BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 16),
    user_id      BLOB NOT NULL,
    app_id       TEXT NOT NULL,
    open_id      TEXT NOT NULL,
    generation   INTEGER NOT NULL,
    created_at   INTEGER NOT NULL,
    last_used_at INTEGER NOT NULL,
    expires_at   INTEGER NOT NULL,
    ended_at     INTEGER,
    code_hour    INTEGER NOT NULL,
    code_hash    BLOB NOT NULL,
    nonce_hash   BLOB
) STRICT, WITHOUT ROWID;

CREATE INDEX sessions_code ON sessions (code_hour, code_hash) WHERE nonce_hash IS NOT NULL;
CREATE INDEX sessions_user ON sessions (user_id);

CREATE TABLE merge_candidates (
    id            BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 16),
    open_platform TEXT NOT NULL,
    union_id      TEXT NOT NULL,
    user_id       BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    union_user_id BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    state         TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'applied', 'dismissed')),
    created_at    INTEGER NOT NULL,
    decided_at    INTEGER,
    UNIQUE (user_id, union_user_id)
) STRICT;

CREATE INDEX merge_candidates_union_user ON merge_candidates (union_user_id);
