-- What a key signs with, and when it last did. seed holds, sealed, 32 bytes, and behind them the
-- private key of ES256 and RS256. created_at and used_at are by the database's clock; before, created_at
-- was by the clock of the machine that made the key, which may have been ahead.
ALTER TABLE signing_keys
    ADD COLUMN algorithm text NOT NULL DEFAULT 'EdDSA',
    ADD COLUMN used_at timestamptz NOT NULL DEFAULT clock_timestamp();

UPDATE signing_keys SET created_at = clock_timestamp() WHERE created_at > clock_timestamp();
