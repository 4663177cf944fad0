DROP TRIGGER changes_truncated ON changes;
DROP TRIGGER sessions_truncated ON sessions;
DROP TRIGGER identities_truncated ON identities;
DROP TRIGGER users_truncated ON users;
DROP TRIGGER sessions_deleted ON sessions;
DROP TRIGGER sessions_ended ON sessions;
DROP TRIGGER identities_changed ON identities;

CREATE OR REPLACE FUNCTION announce_user() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO changes (user_id) VALUES (OLD.id);
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION announce_user_of_identity() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO changes (user_id) VALUES (OLD.user_id);
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION announce_session() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO changes (session_id) VALUES (OLD.id);
    RETURN NULL;
END $$;

DROP FUNCTION announce_everything();
DROP FUNCTION announce(uuid, uuid);

CREATE TRIGGER identities_changed AFTER UPDATE OF user_id, union_id ON identities
    FOR EACH ROW
    WHEN (OLD.user_id <> NEW.user_id OR OLD.union_id IS DISTINCT FROM NEW.union_id)
    EXECUTE FUNCTION announce_user_of_identity();

CREATE TRIGGER sessions_ended AFTER UPDATE OF ended_at ON sessions
    FOR EACH ROW WHEN (OLD.ended_at IS NULL AND NEW.ended_at IS NOT NULL)
    EXECUTE FUNCTION announce_session();

ALTER TABLE users ENABLE TRIGGER users_changed;
ALTER TABLE identities ENABLE TRIGGER identities_deleted;

DELETE FROM changes;
ALTER TABLE changes DROP CONSTRAINT changes_check;
ALTER TABLE changes ADD CHECK (num_nonnulls(user_id, session_id) = 1);
DROP INDEX changes_xid;
ALTER TABLE changes DROP COLUMN xid;
ALTER TABLE changes ADD COLUMN at timestamptz NOT NULL DEFAULT clock_timestamp();
CREATE INDEX changes_at ON changes (at);
