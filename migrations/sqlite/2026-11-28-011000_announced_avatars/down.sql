DROP TRIGGER users_avatar_used;
DROP INDEX replaced_avatars_url;
ALTER TABLE replaced_avatars DROP COLUMN due_at;
