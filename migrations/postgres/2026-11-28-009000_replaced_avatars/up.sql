-- Pictures that no user has any more. Triggers write them, so that none is left behind, whoever
-- replaces an avatar or deletes a user and however. The service removes the files of its own
-- store, and the rows, within seconds.
CREATE TABLE replaced_avatars (
    id  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    url text NOT NULL
);

CREATE FUNCTION note_replaced_avatar() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO replaced_avatars (url) VALUES (OLD.avatar_url);
    RETURN NULL;
END $$;

CREATE TRIGGER users_avatar_replaced AFTER UPDATE ON users
    FOR EACH ROW WHEN (OLD.avatar_url <> NEW.avatar_url
        OR OLD.avatar_url IS NOT NULL AND NEW.avatar_url IS NULL)
    EXECUTE FUNCTION note_replaced_avatar();

CREATE TRIGGER users_avatar_deleted AFTER DELETE ON users
    FOR EACH ROW WHEN (OLD.avatar_url IS NOT NULL)
    EXECUTE FUNCTION note_replaced_avatar();
