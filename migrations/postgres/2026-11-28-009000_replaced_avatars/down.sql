DROP TRIGGER users_avatar_deleted ON users;
DROP TRIGGER users_avatar_replaced ON users;
DROP FUNCTION note_replaced_avatar();
DROP TABLE replaced_avatars;
