-- The feed and the triggers of migrations/postgres, where each is explained. SQLite has one writer,
-- so that ids are in the order of commits, and no id is used twice (AUTOINCREMENT).
--
-- Nothing newer than SQLite 3.37 (which STRICT needs) is used here: an operator's tool runs these
-- triggers too, and may be older than the SQLite in the program.

DROP TRIGGER users_updated;
DROP TRIGGER users_deleted;
DROP TRIGGER identities_changed;
DROP TRIGGER identities_deleted;
DROP TRIGGER sessions_ended;
DROP TABLE changes;

CREATE TABLE changes (
    id         INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    user_id    BLOB,
    session_id BLOB,
    CHECK (user_id IS NULL OR session_id IS NULL)
) STRICT;

CREATE TRIGGER users_updated AFTER UPDATE ON users
BEGIN
    INSERT INTO changes (user_id) VALUES (OLD.id);
END;

CREATE TRIGGER users_deleted AFTER DELETE ON users
BEGIN
    INSERT INTO changes (user_id) VALUES (OLD.id);
END;

CREATE TRIGGER identities_changed
    AFTER UPDATE OF user_id, union_id, app_id, open_id ON identities
    WHEN (OLD.user_id, OLD.app_id, OLD.open_id) <> (NEW.user_id, NEW.app_id, NEW.open_id)
        OR OLD.union_id IS NOT NEW.union_id
BEGIN
    INSERT INTO changes (user_id) VALUES (OLD.user_id);
END;

CREATE TRIGGER identities_deleted AFTER DELETE ON identities
BEGIN
    INSERT INTO changes (user_id) VALUES (OLD.user_id);
END;

CREATE TRIGGER sessions_ended
    AFTER UPDATE OF id, user_id, app_id, open_id, generation, created_at, expires_at, ended_at
    ON sessions
    WHEN (OLD.id, OLD.user_id, OLD.app_id, OLD.open_id, OLD.created_at)
            <> (NEW.id, NEW.user_id, NEW.app_id, NEW.open_id, NEW.created_at)
        OR NEW.ended_at IS NOT NULL AND OLD.ended_at IS NULL
        OR NEW.expires_at < OLD.expires_at
        OR NEW.generation < OLD.generation
BEGIN
    INSERT INTO changes (session_id) VALUES (OLD.id);
END;

CREATE TRIGGER sessions_deleted AFTER DELETE ON sessions
    WHEN OLD.ended_at IS NULL AND OLD.expires_at / 1000000 > strftime('%s', 'now') - 86400
BEGIN
    INSERT INTO changes (session_id) VALUES (OLD.id);
END;
