-- Changes are told by the transaction that made them, and not by the time: whoever keeps the
-- snapshot of an earlier look sees each committed change exactly once (pg_visible_in_snapshot),
-- however long its transaction was, in whatever order they were committed, and whatever any clock
-- says. They are written by triggers, so that no change goes without one, whoever makes it. A row
-- that names nobody says that everything may have changed.
--
-- Rows of before are told once more, as changes of this migration.
ALTER TABLE changes ADD COLUMN xid xid8 NOT NULL DEFAULT pg_current_xact_id();
CREATE INDEX changes_xid ON changes (xid);
DROP INDEX changes_at;
ALTER TABLE changes DROP COLUMN at;
ALTER TABLE changes DROP CONSTRAINT changes_check;
ALTER TABLE changes ADD CHECK (num_nonnulls(user_id, session_id) <= 1);

-- Announces a change. A transaction announces a thousand of them one by one, and then, once, that
-- everything may have changed: no bulk change makes the table big, and forgetting everything costs
-- a replica less than reading so many rows.
CREATE FUNCTION announce(changed_user uuid, changed_session uuid) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    announced integer := coalesce(nullif(current_setting('wxlogin.announced', true), ''), '0');
BEGIN
    IF announced < 1000 THEN
        INSERT INTO changes (user_id, session_id) VALUES (changed_user, changed_session);
    ELSIF announced = 1000 THEN
        INSERT INTO changes DEFAULT VALUES;
    ELSE
        RETURN;
    END IF;
    -- Until the end of the transaction; a rollback to a savepoint takes rows and count back.
    PERFORM set_config('wxlogin.announced', (announced + 1)::text, true);
END $$;

CREATE OR REPLACE FUNCTION announce_user() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM announce(OLD.id, NULL);
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION announce_user_of_identity() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM announce(OLD.user_id, NULL);
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION announce_session() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM announce(NULL, OLD.id);
    RETURN NULL;
END $$;

CREATE FUNCTION announce_everything() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO changes DEFAULT VALUES;
    RETURN NULL;
END $$;

-- What a request finds of an identity. A login changes the row too, but seldom these columns.
DROP TRIGGER identities_changed ON identities;
CREATE TRIGGER identities_changed AFTER UPDATE OF user_id, union_id, app_id, open_id ON identities
    FOR EACH ROW
    WHEN ((OLD.user_id, OLD.app_id, OLD.open_id) <> (NEW.user_id, NEW.app_id, NEW.open_id)
        OR OLD.union_id IS DISTINCT FROM NEW.union_id)
    EXECUTE FUNCTION announce_user_of_identity();

-- Whatever makes a session less than it was. A refresh raises generation and expires_at, and needs
-- no announcement: a replica that does not know of it asks before it refuses.
DROP TRIGGER sessions_ended ON sessions;
CREATE TRIGGER sessions_ended
    AFTER UPDATE OF id, user_id, app_id, open_id, generation, created_at, expires_at, ended_at
    ON sessions FOR EACH ROW
    WHEN ((OLD.id, OLD.user_id, OLD.app_id, OLD.open_id, OLD.created_at)
            <> (NEW.id, NEW.user_id, NEW.app_id, NEW.open_id, NEW.created_at)
        OR NEW.ended_at IS NOT NULL AND OLD.ended_at IS NULL
        OR NEW.expires_at < OLD.expires_at
        OR NEW.generation < OLD.generation)
    EXECUTE FUNCTION announce_session();

-- A session that ended was announced then. One that expired a day ago is live by nobody's clock,
-- so removing the dead announces nothing.
CREATE TRIGGER sessions_deleted AFTER DELETE ON sessions
    FOR EACH ROW
    WHEN (OLD.ended_at IS NULL AND OLD.expires_at > now() - interval '1 day')
    EXECUTE FUNCTION announce_session();

CREATE TRIGGER users_truncated AFTER TRUNCATE ON users
    FOR EACH STATEMENT EXECUTE FUNCTION announce_everything();
CREATE TRIGGER identities_truncated AFTER TRUNCATE ON identities
    FOR EACH STATEMENT EXECUTE FUNCTION announce_everything();
CREATE TRIGGER sessions_truncated AFTER TRUNCATE ON sessions
    FOR EACH STATEMENT EXECUTE FUNCTION announce_everything();
CREATE TRIGGER changes_truncated AFTER TRUNCATE ON changes
    FOR EACH STATEMENT EXECUTE FUNCTION announce_everything();

-- Also where rows are changed by logical replication or with session_replication_role = replica.
ALTER TABLE users ENABLE ALWAYS TRIGGER users_changed;
ALTER TABLE users ENABLE ALWAYS TRIGGER users_truncated;
ALTER TABLE identities ENABLE ALWAYS TRIGGER identities_changed;
ALTER TABLE identities ENABLE ALWAYS TRIGGER identities_deleted;
ALTER TABLE identities ENABLE ALWAYS TRIGGER identities_truncated;
ALTER TABLE sessions ENABLE ALWAYS TRIGGER sessions_ended;
ALTER TABLE sessions ENABLE ALWAYS TRIGGER sessions_deleted;
ALTER TABLE sessions ENABLE ALWAYS TRIGGER sessions_truncated;
ALTER TABLE changes ENABLE ALWAYS TRIGGER changes_truncated;
