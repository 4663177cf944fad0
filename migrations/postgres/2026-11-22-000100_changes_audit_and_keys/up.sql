-- What changes after a login: the feed of changes, the audit log, and the secrets that replicas
-- share.

-- What replicas must not remember any longer. Rows are of use for some seconds and are removed
-- after a minute. They are written by triggers, so that no change goes without one, whoever
-- makes it. The time is the database's own: replicas' clocks need not agree.
CREATE TABLE changes (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at         timestamptz NOT NULL DEFAULT clock_timestamp(),
    user_id    uuid,
    session_id uuid,
    CHECK (num_nonnulls(user_id, session_id) = 1)
);

CREATE INDEX changes_at ON changes (at);

CREATE FUNCTION announce_user() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO changes (user_id) VALUES (OLD.id);
    RETURN NULL;
END $$;

CREATE FUNCTION announce_user_of_identity() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO changes (user_id) VALUES (OLD.user_id);
    RETURN NULL;
END $$;

CREATE FUNCTION announce_session() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO changes (session_id) VALUES (OLD.id);
    RETURN NULL;
END $$;

CREATE TRIGGER users_changed AFTER UPDATE OR DELETE ON users
    FOR EACH ROW EXECUTE FUNCTION announce_user();

-- A login changes the row, but seldom something that others remember.
CREATE TRIGGER identities_changed AFTER UPDATE OF user_id, union_id ON identities
    FOR EACH ROW
    WHEN (OLD.user_id <> NEW.user_id OR OLD.union_id IS DISTINCT FROM NEW.union_id)
    EXECUTE FUNCTION announce_user_of_identity();

CREATE TRIGGER identities_deleted AFTER DELETE ON identities
    FOR EACH ROW EXECUTE FUNCTION announce_user_of_identity();

CREATE TRIGGER sessions_ended AFTER UPDATE OF ended_at ON sessions
    FOR EACH ROW WHEN (OLD.ended_at IS NULL AND NEW.ended_at IS NOT NULL)
    EXECUTE FUNCTION announce_session();

-- Who did what to whom. It outlives the user, hence no foreign key.
CREATE TABLE audit_log (
    id      uuid PRIMARY KEY,
    at      timestamptz NOT NULL,
    actor   text NOT NULL,
    action  text NOT NULL,
    user_id uuid,
    subject text,
    from_ip text
);

CREATE INDEX audit_log_user ON audit_log (user_id) WHERE user_id IS NOT NULL;

-- Keys that sign tokens. seed is sealed.
CREATE TABLE signing_keys (
    id         uuid PRIMARY KEY,
    seed       bytea NOT NULL,
    created_at timestamptz NOT NULL
);

-- WeChat's access_tokens, one for each app and kind. token is sealed.
CREATE TABLE wechat_tokens (
    key        text COLLATE "C" PRIMARY KEY,
    token      bytea NOT NULL,
    expires_at timestamptz NOT NULL
);
