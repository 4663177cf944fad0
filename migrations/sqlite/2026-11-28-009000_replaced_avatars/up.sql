-- Pictures that no user has any more: the table of migrations/postgres, where it is explained.

CREATE TABLE replaced_avatars (
    id  INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    url TEXT NOT NULL
) STRICT;

CREATE TRIGGER users_avatar_replaced AFTER UPDATE ON users
    WHEN OLD.avatar_url IS NOT NULL AND OLD.avatar_url IS NOT NEW.avatar_url
BEGIN
    INSERT INTO replaced_avatars (url) VALUES (OLD.avatar_url);
END;

CREATE TRIGGER users_avatar_deleted AFTER DELETE ON users
    WHEN OLD.avatar_url IS NOT NULL
BEGIN
    INSERT INTO replaced_avatars (url) VALUES (OLD.avatar_url);
END;
