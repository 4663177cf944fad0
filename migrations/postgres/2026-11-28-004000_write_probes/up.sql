-- Readiness writes a row here and deletes it in the same transaction, which is committed: so it
-- knows whether a login could be stored. The filler is kept as it is, outside of the row, so that
-- it needs pages of its own, which a full disk does not give.
CREATE TABLE write_probes (
    id     uuid PRIMARY KEY,
    filler bytea NOT NULL
);

ALTER TABLE write_probes ALTER COLUMN filler SET STORAGE EXTERNAL;
