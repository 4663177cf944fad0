-- What bounds the sessions of a user, and ends many of them at once.

-- The user's sessions that were opened at or before this instant are over, whatever their rows say:
-- so ending a million of them changes one row.
ALTER TABLE users ADD COLUMN sessions_ended_until timestamptz;

-- How many of the user's sessions were opened through the identity since the live ones were last
-- counted, and how many there were then: never less than live now. A login looks at the sessions
-- themselves only where the sum over the user's identities is above the bound, so that the others
-- pay nothing for it. The sessions that are there already have not been counted.
ALTER TABLE identities ADD COLUMN sessions_opened integer NOT NULL DEFAULT 1000000000;
ALTER TABLE identities ALTER COLUMN sessions_opened SET DEFAULT 0;
