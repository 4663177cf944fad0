-- Users, their identities in mini programs, and their sessions.
--
-- Every login updates one row of identities and inserts one of sessions, and nothing else; the
-- rows that change leave room on their page (fillfactor), and no column that changes is indexed,
-- so that these updates are heap-only. WeChat's ids compare as bytes (COLLATE "C").
--
-- revision counts the changes of a row. A writer that loaded a row and changes it says which
-- revision it loaded; whoever disables, merges or deletes a user raises the revision of the
-- user's identities in the same transaction, so that a login under way starts anew.

CREATE TABLE users (
    id          uuid PRIMARY KEY,
    nick_name   text,
    avatar_url  text,
    gender      smallint CHECK (gender BETWEEN 0 AND 2),
    language    text,
    country     text,
    province    text,
    city        text,
    phone       text,
    created_at  timestamptz NOT NULL,
    disabled_at timestamptz,
    revision    integer NOT NULL DEFAULT 0
) WITH (fillfactor = 90);

CREATE INDEX users_phone ON users (phone) WHERE phone IS NOT NULL;

-- One user in one mini program. When the user last logged in is the greatest last_login_at of
-- their identities. session_keys holds the last three, newest first, each sealed by itself.
-- open_platform is the account under which the unionid has been settled: linked in union_ids,
-- or found to be another user's and noted in merge_candidates.
CREATE TABLE identities (
    app_id        text COLLATE "C" NOT NULL,
    open_id       text COLLATE "C" NOT NULL,
    user_id       uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    union_id      text COLLATE "C",
    open_platform text COLLATE "C",
    session_keys  bytea NOT NULL,
    created_at    timestamptz NOT NULL,
    last_login_at timestamptz NOT NULL,
    revision      integer NOT NULL DEFAULT 0,
    PRIMARY KEY (open_id, app_id)
) WITH (fillfactor = 75);

CREATE INDEX identities_user ON identities (user_id);
CREATE INDEX identities_union_id ON identities (union_id) WHERE union_id IS NOT NULL;

-- Whose a unionid is: one user's in each Open Platform account.
CREATE TABLE union_ids (
    open_platform text COLLATE "C" NOT NULL,
    union_id      text COLLATE "C" NOT NULL,
    user_id       uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    PRIMARY KEY (union_id, open_platform)
);

CREATE INDEX union_ids_user ON union_ids (user_id);

-- user_id is taken from the identity in the statement that inserts the session, under the
-- identity's revision; a foreign key would lock, and so write, the user's row at every login.
-- The id is of UUID version 7: sessions that were opened before an instant are a range of the
-- primary key, which is how expired ones are found. A session is looked for by its code only
-- together with the nonce it came with. A code lives five minutes, so its hash is indexed within
-- the hour (of created_at, hours since 1970), which keeps the index's hot part small however many
-- sessions there are. It is not unique: if WeChat takes a code twice, both logins are good.
CREATE TABLE sessions (
    id           uuid PRIMARY KEY,
    user_id      uuid NOT NULL,
    app_id       text COLLATE "C" NOT NULL,
    open_id      text COLLATE "C" NOT NULL,
    generation   integer NOT NULL,
    created_at   timestamptz NOT NULL,
    last_used_at timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL,
    ended_at     timestamptz,
    code_hour    integer NOT NULL,
    code_hash    bytea NOT NULL,
    nonce_hash   bytea
) WITH (fillfactor = 85);

CREATE INDEX sessions_code ON sessions (code_hour, code_hash) WHERE nonce_hash IS NOT NULL;
CREATE INDEX sessions_user ON sessions (user_id);

-- Two users who are one person by their unionid. The id is that of the session whose login
-- showed it. user_id logged in; union_user_id has had the unionid before.
CREATE TABLE merge_candidates (
    id            uuid PRIMARY KEY,
    open_platform text COLLATE "C" NOT NULL,
    union_id      text COLLATE "C" NOT NULL,
    user_id       uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    union_user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    state         text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'applied', 'dismissed')),
    created_at    timestamptz NOT NULL,
    decided_at    timestamptz,
    UNIQUE (user_id, union_user_id)
);

CREATE INDEX merge_candidates_union_user ON merge_candidates (union_user_id);
