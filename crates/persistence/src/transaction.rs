//! Transactions: several statements as one step.

use diesel::connection::{AnsiTransactionManager, Connection, TransactionManager};
use diesel::prelude::*;
use domain::id::UserId;

use crate::connection::AnyConnection;
use crate::error::{DbResult, FailureKind};
use crate::schema::users;
use crate::types::DbId;
use crate::watch;

/// How often a transaction is tried while others keep changing its rows.
const MAX_TRIES: u32 = 5;

type Manager = <AnyConnection as Connection>::TransactionManager;

/// Runs `work` in a transaction: all of it is done, durably, or nothing. If another transaction
/// is in its way, it is tried again.
pub(crate) fn transaction<T>(
    connection: &mut AnyConnection,
    work: impl Fn(&mut AnyConnection) -> DbResult<T>,
) -> DbResult<T> {
    repeated(connection, |connection| once(connection, &work))
}

/// The same, without another try.
pub(crate) fn once<T>(
    connection: &mut AnyConnection,
    work: impl Fn(&mut AnyConnection) -> DbResult<T>,
) -> DbResult<T> {
    begin(connection)?;
    // A call that was given up is not executed.
    let done = work(connection).and_then(|done| watch::stop_if_given_up().map(|()| done));
    match done {
        Ok(done) => {
            Manager::commit_transaction(connection)?;
            Ok(done)
        }
        Err(error) => {
            // The first error is the one that tells; a connection that cannot even roll back is
            // seen to be broken by the pool.
            let _ = Manager::rollback_transaction(connection);
            Err(error)
        }
    }
}

/// Runs `work`, which is one step by itself. If another transaction is in its way, it is tried
/// again.
pub(crate) fn repeated<T>(
    connection: &mut AnyConnection,
    work: impl Fn(&mut AnyConnection) -> DbResult<T>,
) -> DbResult<T> {
    let mut tries = 1;
    loop {
        match work(connection) {
            Err(error) if error.kind == FailureKind::Conflict && tries < MAX_TRIES => {
                tracing::debug!(%error, tries, "a transaction is repeated");
                tries += 1;
            }
            result => return result,
        }
    }
}

/// Keeps everyone else from changing or deleting a user, and from giving them an identity, until
/// the transaction ends. SQLite has one writer. `false` if there is no such user.
pub(crate) fn lock_user(connection: &mut AnyConnection, user: UserId) -> DbResult<bool> {
    let user = users::table.find(DbId(user.as_uuid())).select(users::id);
    let found = match connection {
        AnyConnection::Postgres(connection) => {
            user.for_update().first::<DbId>(connection).optional()?
        }
        AnyConnection::Sqlite(connection) => user.first::<DbId>(connection).optional()?,
    };
    Ok(found.is_some())
}

fn begin(connection: &mut AnyConnection) -> QueryResult<()> {
    match connection {
        AnyConnection::Postgres(connection) => {
            AnsiTransactionManager::begin_transaction(connection)
        }
        // Takes the lock for writing at once: a transaction that reads first and then finds
        // somebody else writing cannot wait.
        AnyConnection::Sqlite(connection) => {
            AnsiTransactionManager::begin_transaction_sql(connection, "BEGIN IMMEDIATE")
        }
    }
}
