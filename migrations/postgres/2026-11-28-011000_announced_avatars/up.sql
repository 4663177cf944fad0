-- A picture is announced before its file is stored, so that an upload that is cut off leaves no file
-- behind: it has a row that is due some minutes later, unless a user has the picture by then. The
-- rows of the older triggers are due at once.
ALTER TABLE replaced_avatars ADD COLUMN due_at timestamptz NOT NULL DEFAULT 'epoch';
CREATE INDEX replaced_avatars_url ON replaced_avatars (url);

CREATE FUNCTION note_used_avatar() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM replaced_avatars WHERE url = NEW.avatar_url;
    RETURN NULL;
END $$;

CREATE TRIGGER users_avatar_used AFTER UPDATE ON users
    FOR EACH ROW WHEN (NEW.avatar_url IS NOT NULL AND OLD.avatar_url IS DISTINCT FROM NEW.avatar_url)
    EXECUTE FUNCTION note_used_avatar();

DO $$
BEGIN
    EXECUTE format('ALTER FUNCTION note_used_avatar() SET search_path = %I, pg_temp', current_schema());
END $$;
