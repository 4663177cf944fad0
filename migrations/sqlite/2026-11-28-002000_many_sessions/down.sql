ALTER TABLE identities DROP COLUMN sessions_opened;
ALTER TABLE users DROP COLUMN sessions_ended_until;
