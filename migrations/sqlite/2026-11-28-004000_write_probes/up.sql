-- Readiness writes a row here and deletes it in the same transaction, which is committed: so it
-- knows whether a login could be stored.
CREATE TABLE write_probes (
    id     BLOB NOT NULL PRIMARY KEY,
    filler BLOB NOT NULL
);
