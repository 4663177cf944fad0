DROP TRIGGER users_avatar_used ON users;
DROP FUNCTION note_used_avatar();
DROP INDEX replaced_avatars_url;
ALTER TABLE replaced_avatars DROP COLUMN due_at;
