-- Users who were disabled when their account, or an identity of theirs, was deleted. id is that of
-- the deletion's audit entry, user_id the deleted user's id: nothing here is personal data.
CREATE TABLE bans (
    id      uuid PRIMARY KEY,
    user_id uuid NOT NULL,
    at      timestamptz NOT NULL
);

CREATE INDEX bans_user ON bans (user_id);

-- Whom a ban is about: the keyed hashes of (app, openid), with the app, and of (Open Platform
-- account, unionid). Two bans may have a unionid in common. A first login looks its hashes up.
CREATE TABLE ban_hashes (
    hash   bytea NOT NULL,
    ban_id uuid NOT NULL REFERENCES bans (id) ON DELETE CASCADE,
    app_id text COLLATE "C",
    PRIMARY KEY (hash, ban_id)
);

CREATE INDEX ban_hashes_ban ON ban_hashes (ban_id);

-- The audit log is read newest first, also the entries of one action or about one user.
CREATE INDEX audit_log_action ON audit_log (action, id);
CREATE INDEX audit_log_user_id ON audit_log (user_id, id) WHERE user_id IS NOT NULL;
DROP INDEX audit_log_user;
