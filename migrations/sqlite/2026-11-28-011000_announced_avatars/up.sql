-- As in PostgreSQL.
ALTER TABLE replaced_avatars ADD COLUMN due_at INTEGER NOT NULL DEFAULT 0;
CREATE INDEX replaced_avatars_url ON replaced_avatars (url);

CREATE TRIGGER users_avatar_used AFTER UPDATE ON users
    WHEN NEW.avatar_url IS NOT NULL AND OLD.avatar_url IS NOT NEW.avatar_url
BEGIN
    DELETE FROM replaced_avatars WHERE url = NEW.avatar_url;
END;
