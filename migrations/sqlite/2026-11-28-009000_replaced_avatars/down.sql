DROP TRIGGER users_avatar_deleted;
DROP TRIGGER users_avatar_replaced;
DROP TABLE replaced_avatars;
