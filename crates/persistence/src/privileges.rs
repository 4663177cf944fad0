//! The privileges that the service needs in a database.

use diesel::connection::{Connection, SimpleConnection};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Nullable, Text};

use crate::connection::AnyConnection;
use crate::error::{DatabaseError, DbResult, FailureKind};

/// A row is written, changed and removed, with all triggers that go with it.
const REHEARSAL_POSTGRES: &str = "
    INSERT INTO users (id, created_at) SELECT id, now() FROM (VALUES
        ('00000000-0000-4000-8000-77786c6f6769'::uuid)) AS v (id);
    UPDATE users SET revision = revision + 1 WHERE id = '00000000-0000-4000-8000-77786c6f6769';
    DELETE FROM users WHERE id = '00000000-0000-4000-8000-77786c6f6769';";

const REHEARSAL_SQLITE: &str = "
    INSERT INTO users (id, created_at) VALUES (x'0000000000004000800077786c6f6769', 0);";

/// What is missing on the tables and sequences that the migrations made, which are those of the
/// owner of Diesel's book of migrations.
const MISSING: &str = "
    SELECT format('%s on %I', string_agg(p.name, ', ' ORDER BY p.name), c.relname)
    FROM pg_class c
    JOIN pg_class book ON book.oid = to_regclass('__diesel_schema_migrations')
        AND book.relnamespace = c.relnamespace AND book.relowner = c.relowner
    CROSS JOIN LATERAL (VALUES ('SELECT'), ('INSERT'), ('UPDATE'), ('DELETE'), ('USAGE')) AS p (name)
    WHERE (c.relkind IN ('r', 'p') AND p.name <> 'USAGE' AND c.oid <> book.oid
            AND NOT has_table_privilege(c.oid, p.name))
        OR (c.oid = book.oid AND p.name = 'SELECT' AND NOT has_table_privilege(c.oid, 'SELECT'))
        OR (c.relkind = 'S' AND p.name = 'USAGE'
            AND NOT has_sequence_privilege(c.oid, 'USAGE')
            -- The sequence of an identity column needs no privilege.
            AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'i'))
    GROUP BY c.relname ORDER BY c.relname";

/// Tries everything, in a transaction that is rolled back.
pub(crate) fn rehearse(connection: &mut AnyConnection) -> DbResult<()> {
    match connection {
        AnyConnection::Postgres(connection) => {
            check_granted(connection)?;
            rolled_back(connection, |connection| {
                connection.batch_execute("SELECT pg_try_advisory_xact_lock(0)")?;
                connection.batch_execute(REHEARSAL_POSTGRES)
            })
        }
        AnyConnection::Sqlite(connection) => rolled_back(connection, |connection| {
            connection.batch_execute(REHEARSAL_SQLITE)
        }),
    }
}

/// Whether the role has the privileges that the service needs on all tables.
pub(crate) fn check_granted(connection: &mut PgConnection) -> DbResult<()> {
    let missing: Vec<String> = sql::<Text>(MISSING).load(connection)?;
    if missing.is_empty() {
        return Ok(());
    }
    let role = role(connection)?;
    Err(refused(format!(
        "the role {role} has not the privileges {}: GRANT them, or let it own the tables",
        missing.join("; ")
    )))
}

pub(crate) fn may_migrate(connection: &mut AnyConnection) -> DbResult<()> {
    match connection {
        AnyConnection::Postgres(connection) => check_create(connection),
        // It is our own file; what forbids to write it forbids everything.
        AnyConnection::Sqlite(connection) => rolled_back(connection, |connection| {
            connection.batch_execute("CREATE TABLE rehearsal (id INTEGER)")
        }),
    }
}

/// Whether the role may create tables, and change those that are there.
pub(crate) fn check_create(connection: &mut PgConnection) -> DbResult<()> {
    let schema = sql::<Nullable<Text>>("SELECT quote_ident(current_schema())");
    let schema: Option<String> = schema.get_result(connection)?;
    let role = role(connection)?;
    let Some(schema) = schema else {
        return Err(refused(format!(
            "the role {role} has no schema in its search_path that exists and that it may use: \
             CREATE SCHEMA wxlogin AUTHORIZATION {role}; \
             ALTER ROLE {role} SET search_path = wxlogin"
        )));
    };
    let may_create = sql::<Bool>("SELECT has_schema_privilege(current_schema(), 'CREATE')");
    if !may_create.get_result::<bool>(connection)? {
        return Err(refused(format!(
            "the role {role} may not create tables in the schema {schema} (from PostgreSQL 15 on \
             only its owner may): as the database's owner, run \
             `GRANT CREATE ON SCHEMA {schema} TO {role}`"
        )));
    }
    let is_owner = sql::<Bool>(
        "SELECT coalesce((SELECT pg_has_role(relowner, 'USAGE') FROM pg_class \
         WHERE oid = to_regclass('__diesel_schema_migrations')), true)",
    );
    if !is_owner.get_result::<bool>(connection)? {
        return Err(refused(format!(
            "the tables belong to another role than {role}: run `wxlogin migrate` as that role"
        )));
    }
    Ok(())
}

/// The name of the role, quoted.
pub(crate) fn role(connection: &mut PgConnection) -> DbResult<String> {
    Ok(sql::<Text>("SELECT quote_ident(current_user)").get_result(connection)?)
}

fn rolled_back<C: Connection>(
    connection: &mut C,
    work: impl FnOnce(&mut C) -> QueryResult<()>,
) -> DbResult<()> {
    let mut failure = None;
    let rolled_back: QueryResult<()> = connection.transaction(|connection| {
        failure = work(connection).err();
        Err(diesel::result::Error::RollbackTransaction)
    });
    match failure.or(rolled_back.err()) {
        None | Some(diesel::result::Error::RollbackTransaction) => Ok(()),
        Some(error) => Err(error.into()),
    }
}

fn refused(text: String) -> DatabaseError {
    DatabaseError::new(FailureKind::Refused, text)
}
