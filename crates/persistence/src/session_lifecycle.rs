//! How sessions go on and end.

use async_trait::async_trait;
use diesel::dsl::{exists, max};
use diesel::prelude::*;
use domain::account::Page;
use domain::id::{AppId, SessionId, UserId};
use domain::ports::{GenerationUse, SessionLifecycle, StoreResult, TokenUse};
use domain::session::{Generation, ListedSession};
use domain::time::Timestamp;

use crate::connection::{AnyBackend, AnyConnection};
use crate::database::Database;
use crate::error::DbResult;
use crate::rows::SessionRow;
use crate::schema::{identities, sessions as table, users};
use crate::token_uses::NotedUse;
use crate::transaction::lock_user;
use crate::types::{DbId, DbInstant};

/// The most sessions of a user that are ended by their rows, which tell when that was. With more it
/// would take longer than a second, so they are ended by the user's row.
const ENDED_BY_ROW: u16 = 1000;

#[async_trait]
impl SessionLifecycle for Database {
    async fn use_generation(
        &self,
        id: SessionId,
        generation: Generation,
        at: Timestamp,
        token: TokenUse,
    ) -> StoreResult<GenerationUse> {
        let used = NotedUse {
            session: id,
            generation,
            at,
            token,
        };
        self.token_uses.write(used).await
    }

    async fn list(
        &self,
        user: UserId,
        now: Timestamp,
        page: Page<SessionId>,
    ) -> StoreResult<Vec<ListedSession>> {
        self.call(move |connection| list(connection, user, Some(now), page))
            .await
    }

    async fn end(&self, user: UserId, id: SessionId, at: Timestamp) -> StoreResult<bool> {
        self.call(move |connection| {
            if end(connection, user, id, at)? {
                return Ok(true);
            }
            // It ended at `at` exactly by a call that is repeated because its answer was lost.
            let ended = table::table
                .find(DbId(id.as_uuid()))
                .filter(table::user_id.eq(DbId(user.as_uuid())))
                .filter(table::ended_at.eq(DbInstant::from(at)));
            Ok(diesel::select(exists(ended)).get_result(connection)?)
        })
        .await
    }

    async fn end_all(&self, user: UserId, at: Timestamp) -> StoreResult<usize> {
        self.transact(move |one| {
            // Everything that changes several sessions of a user locks the user first.
            lock_user(one, user)?;
            end_all(one, user, at)
        })
        .await
    }
}

/// A page of the user's sessions that are live at `now`, or of all of them; the newest first.
pub(crate) fn list(
    connection: &mut AnyConnection,
    user: UserId,
    now: Option<Timestamp>,
    page: Page<SessionId>,
) -> DbResult<Vec<ListedSession>> {
    let until = ended_until(connection, user)?;
    let mut listed = match now {
        Some(now) => live(user, now.into(), until),
        None => of_user(user),
    };
    if let Some(after) = page.after {
        listed = listed.filter(table::id.lt(DbId(after.as_uuid())));
    }
    // Ids are of UUID version 7: the newest is the greatest.
    let rows = listed
        .order(table::id.desc())
        .limit(page.limit.into())
        .select((SessionRow::as_select(), table::app_id))
        .load::<(SessionRow, String)>(connection)?;
    let sessions = rows.into_iter().map(|(session, app_id)| ListedSession {
        session: session.into_session(until),
        app_id: AppId::new(app_id),
    });
    Ok(sessions.collect())
}

type Sessions<'a> = table::BoxedQuery<'a, AnyBackend>;

fn of_user<'a>(user: UserId) -> Sessions<'a> {
    table::table
        .filter(table::user_id.eq(DbId(user.as_uuid())))
        .into_boxed()
}

/// The sessions of a user that are live at an instant. `until` is [`ended_until`].
pub(crate) fn live<'a>(user: UserId, at: DbInstant, until: Option<DbInstant>) -> Sessions<'a> {
    let live = of_user(user)
        .filter(table::ended_at.is_null())
        .filter(table::expires_at.gt(at));
    match until {
        Some(until) => live.filter(table::created_at.gt(until)),
        None => live,
    }
}

/// The other sessions of a user.
pub(crate) fn dead<'a>(user: UserId, at: DbInstant, until: Option<DbInstant>) -> Sessions<'a> {
    let ended = table::ended_at.is_not_null().or(table::expires_at.le(at));
    match until {
        Some(until) => of_user(user).filter(ended.or(table::created_at.le(until))),
        None => of_user(user).filter(ended),
    }
}

/// Up to when the sessions of a user have been ended, all at once.
pub(crate) fn ended_until(
    connection: &mut AnyConnection,
    user: UserId,
) -> DbResult<Option<DbInstant>> {
    let until = users::table
        .find(DbId(user.as_uuid()))
        .select(users::sessions_ended_until)
        .first::<Option<DbInstant>>(connection);
    Ok(until.optional()?.flatten())
}

/// Ends the sessions of a user that were opened up to an instant, without touching them.
pub(crate) fn end_until(
    connection: &mut AnyConnection,
    user: UserId,
    until: DbInstant,
) -> DbResult<()> {
    diesel::update(users::table.find(DbId(user.as_uuid())))
        .set(users::sessions_ended_until.eq(until))
        .execute(connection)?;
    Ok(())
}

/// Ends the sessions of a user that are live at `at`. Runs in a transaction.
pub(crate) fn end_all(
    connection: &mut AnyConnection,
    user: UserId,
    at: Timestamp,
) -> DbResult<usize> {
    let at = DbInstant::from(at);
    let until = ended_until(connection, user)?;
    let some = live(user, at, until)
        .limit(ENDED_BY_ROW.into())
        .select(table::id)
        .load::<DbId>(connection)?;
    let still_live = table::table
        .filter(table::id.eq_any(&some))
        .filter(table::ended_at.is_null());
    let ended = diesel::update(still_live)
        .set(table::ended_at.eq(at))
        .execute(connection)?;
    if some.len() < ENDED_BY_ROW.into() {
        return Ok(ended);
    }
    let others: i64 = live(user, at, until).count().get_result(connection)?;
    // A login that is under way is planned again: its session is opened after this end.
    outdate_logins(connection, user)?;
    // Another replica's clock may be ahead by a little.
    let newest = identities::table
        .filter(identities::user_id.eq(DbId(user.as_uuid())))
        .select(max(identities::last_login_at))
        .first::<Option<DbInstant>>(connection)?;
    end_until(connection, user, newest.map_or(at, |newest| newest.max(at)))?;
    Ok(ended + usize::try_from(others).unwrap_or(usize::MAX))
}

/// Has the logins of a user that are under way planned again.
pub(crate) fn outdate_logins(connection: &mut AnyConnection, user: UserId) -> DbResult<()> {
    diesel::update(identities::table.filter(identities::user_id.eq(DbId(user.as_uuid()))))
        .set(identities::revision.eq(identities::revision + 1))
        .execute(connection)?;
    Ok(())
}

/// Ends the newest sessions of a user and gives them to another, whose export shows them. The
/// others become strays. Gives whether there are any.
pub(crate) fn hand_over(
    connection: &mut AnyConnection,
    from: UserId,
    to: UserId,
    at: Timestamp,
) -> DbResult<bool> {
    let newest = of_user(from)
        .order(table::id.desc())
        .limit(ENDED_BY_ROW.into())
        .select(table::id)
        .load::<DbId>(connection)?;
    let is_moved = || table::id.eq_any(&newest);
    if let Some(until) = ended_until(connection, from)? {
        let ended_with_all = table::ended_at.is_null().and(table::created_at.le(until));
        diesel::update(table::table.filter(is_moved()).filter(ended_with_all))
            .set(table::ended_at.eq(until))
            .execute(connection)?;
    }
    let at = DbInstant::from(at);
    let is_live = table::ended_at.is_null().and(table::expires_at.gt(at));
    diesel::update(table::table.filter(is_moved()).filter(is_live))
        .set(table::ended_at.eq(at))
        .execute(connection)?;
    diesel::update(table::table.filter(is_moved()))
        .set(table::user_id.eq(DbId(to.as_uuid())))
        .execute(connection)?;
    Ok(newest.len() == ENDED_BY_ROW.into())
}

/// Ends a session of a user if it is live at `at`. `false` if it is not.
pub(crate) fn end(
    connection: &mut AnyConnection,
    user: UserId,
    id: SessionId,
    at: Timestamp,
) -> DbResult<bool> {
    let at = DbInstant::from(at);
    let until = ended_until(connection, user)?;
    let live = table::table
        .find(DbId(id.as_uuid()))
        .filter(table::user_id.eq(DbId(user.as_uuid())))
        .filter(table::ended_at.is_null())
        .filter(table::expires_at.gt(at))
        .filter(table::created_at.gt(until.unwrap_or(DbInstant::EPOCH)));
    let ended = diesel::update(live)
        .set(table::ended_at.eq(at))
        .execute(connection)?;
    Ok(ended > 0)
}
