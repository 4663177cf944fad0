-- Keys of the service itself that outlive changes of the master key, one row each. sealed is
-- sealed under the master key. identity_hash is the key of the hashes by which identities are
-- recognised although they are not kept; whether it opens tells whether the configured master
-- key is the one of this database.
CREATE TABLE stored_keys (
    name   text COLLATE "C" PRIMARY KEY,
    sealed bytea NOT NULL
);
