-- What bounds the sessions of a user: see migrations/postgres. The default is for the rows that are
-- there already; new ones say how many.

ALTER TABLE users ADD COLUMN sessions_ended_until INTEGER;
ALTER TABLE identities ADD COLUMN sessions_opened INTEGER NOT NULL DEFAULT 1000000000;
