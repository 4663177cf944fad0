-- Bans that outlive the account: the tables of migrations/postgres, where each is explained.

CREATE TABLE bans (
    id      BLOB PRIMARY KEY NOT NULL,
    user_id BLOB NOT NULL,
    at      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX bans_user ON bans (user_id);

CREATE TABLE ban_hashes (
    hash   BLOB NOT NULL,
    ban_id BLOB NOT NULL REFERENCES bans (id) ON DELETE CASCADE,
    app_id TEXT,
    PRIMARY KEY (hash, ban_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX ban_hashes_ban ON ban_hashes (ban_id);

CREATE INDEX audit_log_action ON audit_log (action, id);
CREATE INDEX audit_log_user_id ON audit_log (user_id, id) WHERE user_id IS NOT NULL;
DROP INDEX audit_log_user;
