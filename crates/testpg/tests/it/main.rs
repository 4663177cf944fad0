//! The harness against a real PostgreSQL.

use anyhow::Context;
use diesel::connection::SimpleConnection;
use diesel::sql_types::BigInt;
use diesel::{Connection, PgConnection, QueryableByName, RunQueryDsl, sql_query};

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

fn count(url: &str, sql: &str) -> anyhow::Result<i64> {
    let mut connection = PgConnection::establish(url)?;
    Ok(sql_query(sql).get_result::<Count>(&mut connection)?.n)
}

fn execute(url: &str, sql: &str) -> anyhow::Result<()> {
    Ok(PgConnection::establish(url)?.batch_execute(sql)?)
}

#[test]
fn two_databases_do_not_see_each_other() -> anyhow::Result<()> {
    let (one, other) = (testpg::database()?, testpg::database()?);
    execute(&one.url(), "CREATE TABLE t AS SELECT 1 AS a")?;
    assert_eq!(count(&one.url(), "SELECT count(*) AS n FROM t")?, 1);
    assert!(execute(&other.url(), "SELECT * FROM t").is_err());
    Ok(())
}

#[test]
fn a_database_is_gone_after_the_test_even_if_someone_is_connected() -> anyhow::Result<()> {
    let database = testpg::database()?;
    let url = database.url();
    let connected = PgConnection::establish(&url)?;
    drop(database);
    assert!(PgConnection::establish(&url).is_err());
    drop(connected);
    Ok(())
}

#[test]
fn a_private_server_keeps_what_was_committed_when_it_is_stopped_or_killed() -> anyhow::Result<()> {
    let server = testpg::Server::start_private()?;
    let database = server.database()?;
    let url = database.url();
    execute(&url, "CREATE TABLE t (a int); INSERT INTO t VALUES (1)")?;

    server.stop().context("stop")?;
    assert!(PgConnection::establish(&url).is_err(), "stopped");
    server.start().context("start after stop")?;
    execute(&url, "INSERT INTO t VALUES (2)")?;

    server.kill().context("kill")?;
    assert!(PgConnection::establish(&url).is_err(), "killed");
    server.start().context("start after kill")?;
    assert_eq!(count(&url, "SELECT count(*) AS n FROM t")?, 2);
    Ok(())
}
