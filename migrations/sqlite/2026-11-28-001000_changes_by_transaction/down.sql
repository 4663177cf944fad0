DROP TRIGGER users_updated;
DROP TRIGGER users_deleted;
DROP TRIGGER identities_changed;
DROP TRIGGER identities_deleted;
DROP TRIGGER sessions_ended;
DROP TRIGGER sessions_deleted;
DROP TABLE changes;

CREATE TABLE changes (
    id         INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    at         INTEGER NOT NULL DEFAULT (CAST(unixepoch('subsec') * 1000000 AS INTEGER)),
    user_id    BLOB,
    session_id BLOB,
    CHECK ((user_id IS NULL) <> (session_id IS NULL))
) STRICT;

CREATE INDEX changes_at ON changes (at);

CREATE TRIGGER users_updated AFTER UPDATE ON users
BEGIN
    INSERT INTO changes (user_id) VALUES (OLD.id);
END;

CREATE TRIGGER users_deleted AFTER DELETE ON users
BEGIN
    INSERT INTO changes (user_id) VALUES (OLD.id);
END;

CREATE TRIGGER identities_changed AFTER UPDATE OF user_id, union_id ON identities
    WHEN OLD.user_id <> NEW.user_id OR OLD.union_id IS NOT NEW.union_id
BEGIN
    INSERT INTO changes (user_id) VALUES (OLD.user_id);
END;

CREATE TRIGGER identities_deleted AFTER DELETE ON identities
BEGIN
    INSERT INTO changes (user_id) VALUES (OLD.user_id);
END;

CREATE TRIGGER sessions_ended AFTER UPDATE OF ended_at ON sessions
    WHEN OLD.ended_at IS NULL AND NEW.ended_at IS NOT NULL
BEGIN
    INSERT INTO changes (session_id) VALUES (OLD.id);
END;
