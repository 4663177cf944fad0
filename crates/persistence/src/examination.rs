//! Checks a PostgreSQL server and what is between it and the service.
//!
//! A pooler in transaction mode gives each transaction of a connection to whatever session of the
//! server is free. Prepared statements belong to sessions, and Diesel names them by number on each
//! connection: unless the pooler keeps them apart, one connection carries out what another has
//! prepared. It is known by sessions that two connections share.

use std::collections::BTreeSet;
use std::panic::resume_unwind;

use diesel::prelude::*;
use diesel::sql_types::{Bool, Integer, Text};

use crate::connection::{AnyConnection, Connector, Purpose};
use crate::error::{DbResult, FailureKind};
use crate::server;
use crate::url::DatabaseUrl;

/// How often both connections are asked. One that changes its session does not always do so at
/// once.
const ROUNDS: usize = 6;

/// Something about a database that an operator should know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// The service must not use it: it would do wrong.
    Unfit(String),
    /// The service works, but not as well as it could.
    Warning(String),
    /// The service works. Something that differs from a direct connection is the operator's to know.
    Advice(String),
}

impl Finding {
    /// Whether the service must not use the database.
    #[must_use]
    pub const fn is_unfit(&self) -> bool {
        matches!(self, Self::Unfit(_))
    }
}

/// A session of the server that a connection was seen to use.
#[derive(QueryableByName, PartialEq, Eq, PartialOrd, Ord)]
struct Session {
    #[diesel(sql_type = Integer)]
    pid: i32,
    #[diesel(sql_type = Text)]
    server: String,
    #[diesel(sql_type = Bool)]
    is_standby: bool,
}

pub(crate) fn examine(connector: &Connector) -> DbResult<Vec<Finding>> {
    if !matches!(connector.url, DatabaseUrl::Postgres(_)) {
        return Ok(Vec::new());
    }
    // Both at once, because the start of the service waits for them.
    let (one, other) = std::thread::scope(|scope| {
        let other = scope.spawn(|| connector.connect_for(Purpose::Any));
        (connector.connect_for(Purpose::Any), other.join())
    });
    if let Err(error) = &one
        && error.kind == FailureKind::Unfit
    {
        return Ok(vec![Finding::Unfit(error.to_string())]);
    }
    let connections = (one?, other.unwrap_or_else(|panic| resume_unwind(panic))?);
    let (AnyConnection::Postgres(mut one), AnyConnection::Postgres(mut other)) = connections else {
        return Ok(Vec::new());
    };
    let language = server::language_fault(&mut one)?.map(Finding::Warning);
    let between = go_between(&mut one, &mut other)?;
    Ok(language.into_iter().chain(between).collect())
}

fn go_between(one: &mut PgConnection, other: &mut PgConnection) -> DbResult<Option<Finding>> {
    let (mut ones, mut others) = (BTreeSet::new(), BTreeSet::new());
    for _ in 0..ROUNDS {
        ones.insert(session(one)?);
        others.insert(session(other)?);
        // A proxy that splits reads from writes sends this one to the primary.
        ones.insert(one.transaction(|one| {
            diesel::sql_query("SELECT pg_advisory_xact_lock_shared(0)").execute(one)?;
            session(one)
        })?);
    }
    let has = |is_standby| {
        ones.union(&others)
            .any(|seen| seen.is_standby == is_standby)
    };
    if has(true) && has(false) {
        return Ok(Some(Finding::Unfit(server::SPLITS.to_owned())));
    }
    if ones.len() == 1 && others.len() == 1 && ones.is_disjoint(&others) {
        return Ok(None);
    }
    Ok(Some(if keeps_statements_apart(one, other) {
        Finding::Advice(String::from(
            "the connection goes through a pooler in transaction mode, which forgets settings of a \
             session: set for the role what differs from PostgreSQL's defaults \
             (default_transaction_isolation, synchronous_commit, lc_messages)",
        ))
    } else {
        Finding::Unfit(String::from(
            "the connection goes through a pooler in transaction mode that mixes up prepared \
             statements: use pool_mode = session, or PgBouncer 1.21 or newer with \
             max_prepared_statements above 0, or connect to PostgreSQL itself",
        ))
    }))
}

fn session(connection: &mut PgConnection) -> QueryResult<Session> {
    diesel::sql_query(
        "SELECT pg_backend_pid() AS pid, current_setting('in_hot_standby') = 'on' AS is_standby, \
         concat(inet_server_addr(), ' ', inet_server_port()) AS server",
    )
    .get_result(connection)
}

/// Whether each of two connections carries out its own first prepared statement, and not that of
/// the other, which has the same name.
fn keeps_statements_apart(one: &mut PgConnection, other: &mut PgConnection) -> bool {
    (0..ROUNDS).all(|_| {
        let number = diesel::select(7_i32.into_sql::<Integer>()).get_result::<i32>(one);
        let text = diesel::select("seven".into_sql::<Text>()).get_result::<String>(other);
        number == Ok(7) && text.as_deref() == Ok("seven")
    })
}
