CREATE INDEX audit_log_user ON audit_log (user_id) WHERE user_id IS NOT NULL;
DROP INDEX audit_log_user_id;
DROP INDEX audit_log_action;
DROP TABLE ban_hashes;
DROP TABLE bans;
