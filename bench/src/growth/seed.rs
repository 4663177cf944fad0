//! Fills a database with users who have logged in before.

use testpg::TestDatabase;

/// Users 0 to `users`, each with one identity, three sealed session_keys and one session.
///
/// The rows are as long as real ones and have the openids the WeChat of the measurement gives;
/// what is sealed in them is not. Indexes are made afterwards, or ten million take an hour.
///
/// # Errors
/// If the schema is another one.
pub(super) fn fill(database: &TestDatabase, users: u64) -> anyhow::Result<()> {
    database.run(&format!(
        "SET session_replication_role = replica;
         SET maintenance_work_mem = '512MB';
         SET synchronous_commit = off;
         CREATE TEMP TABLE kept AS SELECT indexdef FROM pg_indexes
            WHERE tablename = 'sessions' AND indexname <> 'sessions_pkey'
               OR tablename = 'identities' AND indexname <> 'identities_pkey';
         DROP INDEX sessions_code, sessions_user, identities_user, identities_union_id;
         ALTER TABLE identities DROP CONSTRAINT identities_pkey;

         CREATE FUNCTION pg_temp.id_of(n bigint, salt text) RETURNS uuid LANGUAGE sql AS $$
            SELECT (lpad(to_hex(1750000000000 + n), 12, '0') || '70008'
               || left(md5(salt || n), 15))::uuid $$;
         CREATE FUNCTION pg_temp.open_id_of(n bigint) RETURNS text LANGUAGE sql AS $$
            SELECT 'o' || left(encode(sha256(n::text::bytea), 'hex'), 27) $$;

         INSERT INTO users (id, created_at)
            SELECT pg_temp.id_of(n, 'user'), now() - interval '90 days'
            FROM generate_series(0, {users} - 1) AS n;
         INSERT INTO identities
            (app_id, open_id, user_id, session_keys, created_at, last_login_at)
            SELECT '{app}', pg_temp.open_id_of(n), pg_temp.id_of(n, 'user'),
               decode(repeat('003c' || repeat(md5(n::text), 3) || repeat('00', 12), 3), 'hex'),
               now() - interval '90 days', now() - interval '1 day'
            FROM generate_series(0, {users} - 1) AS n;
         INSERT INTO sessions (id, user_id, app_id, open_id, generation, created_at,
               last_used_at, expires_at, code_hour, code_hash)
            SELECT pg_temp.id_of(n, 'session'), pg_temp.id_of(n, 'user'), '{app}',
               pg_temp.open_id_of(n), 1, now() - interval '1 day', now() - interval '1 day',
               now() + interval '29 days', 0, sha256(n::text::bytea)
            FROM generate_series(0, {users} - 1) AS n;

         ALTER TABLE identities ADD PRIMARY KEY (open_id, app_id);
         DO $$ DECLARE definition text; BEGIN
            FOR definition IN SELECT indexdef FROM kept LOOP EXECUTE definition; END LOOP;
         END $$;",
        app = crate::programs::APP_ID,
    ))?;
    database.run("VACUUM (ANALYZE)")
}

/// Brings into memory what logins read, as far as there is room: a database that has run for a while
/// has it there.
///
/// # Errors
/// If this PostgreSQL has no pg_prewarm, which is one of its own extensions.
pub(super) fn warm(database: &TestDatabase) -> anyhow::Result<()> {
    database.run(
        "CREATE EXTENSION IF NOT EXISTS pg_prewarm;
         SELECT pg_prewarm(name) FROM unnest(ARRAY['users_pkey', 'users', 'sessions_user',
            'identities_pkey', 'identities']::regclass[]) AS name",
    )
}
