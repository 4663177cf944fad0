//! Users with very many sessions: what is done to them does not go by each session.

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};
use domain::account::{EXPORTED_SESSIONS, Page, Withdrawal};
use domain::audit::AuditAction;
use domain::id::SessionId;
use domain::ports::{
    AccountRepository, GenerationUse, MergeOutcome, MergeRepository, SessionLifecycle,
    SessionRepository, TokenUse, UserRepository,
};
use domain::session::{Generation, SessionAccount};
use domain::testing::repository_contract::{Guest, entry, entry_at};
use domain::time::{Duration, Timestamp, after};
use persistence::Database;

use crate::store::{Place, Store, account, options};

/// More than is ended, removed or exported at once.
const MANY: usize = 3500;

const ALL: Page<SessionId> = Page {
    after: None,
    limit: 10_000,
};

async fn stores() -> [Store; 2] {
    [crate::store::sqlite().await, crate::store::postgres().await]
}

fn guest() -> Guest {
    Guest::new("wx01", "o-many").in_account("main")
}

fn at(second: i64) -> Timestamp {
    guest().visit(second).at
}

async fn log_in(store: &Store, second: i64, bound: u32) -> SessionAccount {
    let mut visit = guest().visit(second);
    visit.sessions_per_user = bound;
    account(store.database.users().record_visit(visit).await)
}

/// A session of a user who has very many others.
async fn among_many(store: &Store) -> SessionAccount {
    let one = log_in(store, 0, 0).await;
    let (id, rest) = match store.place {
        Place::Sqlite(_) => (
            "randomblob(16)",
            format!(
                "created_at - i, last_used_at, expires_at, ended_at, code_hour, code_hash, \
                 nonce_hash FROM sessions, (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL \
                 SELECT i + 1 FROM n WHERE i < {MANY}) SELECT i FROM n)"
            ),
        ),
        Place::Postgres(_) => (
            "gen_random_uuid()",
            format!(
                "created_at - i * interval '1 microsecond', last_used_at, expires_at, ended_at, \
                 code_hour, code_hash, nonce_hash FROM sessions, generate_series(1, {MANY}) i"
            ),
        ),
    };
    store.place.execute(&format!(
        "INSERT INTO sessions (id, user_id, app_id, open_id, generation, created_at, \
         last_used_at, expires_at, ended_at, code_hour, code_hash, nonce_hash) \
         SELECT {id}, user_id, app_id, open_id, generation, {rest}"
    ));
    assert_eq!(count(store, "sessions"), MANY + 1);
    one
}

fn count(store: &Store, table: &str) -> usize {
    let counted = format!("SELECT CAST(count(*) AS text) AS t FROM {table}");
    store.place.texts(&counted)[0].parse().unwrap()
}

async fn live(store: &Store, of: &SessionAccount, second: i64) -> Vec<SessionId> {
    let lifecycle = store.database.lifecycle();
    let listed = lifecycle.list(of.user.id, at(second), ALL);
    let listed = listed.await.unwrap().into_iter();
    listed.map(|listed| listed.session.id).collect()
}

async fn refreshed(store: &Store, of: &SessionAccount, second: i64) -> GenerationUse {
    let token = TokenUse::Refresh {
        expires_at: after(at(second), Duration::from_hours(24)),
        grace: Duration::ZERO,
    };
    let lifecycle = store.database.lifecycle();
    let used = lifecycle.use_generation(of.session.id, Generation::FIRST, at(second), token);
    used.await.unwrap()
}

#[tokio::test]
async fn very_many_sessions_end_at_once_and_later_ones_live() {
    for store in stores().await {
        let old = among_many(&store).await;
        let lifecycle = store.database.lifecycle();
        let ended = lifecycle.end_all(old.user.id, at(10)).await.unwrap();
        assert_eq!(ended, MANY + 1);
        assert_eq!(lifecycle.end_all(old.user.id, at(10)).await.unwrap(), 0);
        assert!(count(&store, "changes") < MANY / 2, "not one by one");

        assert!(live(&store, &old, 10).await.is_empty());
        let found = store.database.sessions().find(old.session.id).await;
        assert_eq!(found.unwrap().unwrap().session.ended_at, Some(at(10)));
        assert_eq!(refreshed(&store, &old, 11).await, GenerationUse::Ended);
        let gone = lifecycle.end(old.user.id, old.session.id, at(11)).await;
        assert!(!gone.unwrap());

        // Also one that a clock behind by a little opens.
        for second in [9, 10, 20] {
            let new = log_in(&store, second, 0).await;
            assert!(live(&store, &new, 20).await.contains(&new.session.id));
            let used = refreshed(&store, &new, 20).await;
            assert!(matches!(used, GenerationUse::Live(_)), "{used:?}");
        }
        assert_eq!(live(&store, &old, 20).await.len(), 3);
    }
}

#[tokio::test]
async fn a_user_with_very_many_sessions_is_disabled_and_enabled_without_them() {
    for store in stores().await {
        let old = among_many(&store).await;
        let accounts = store.database.accounts();
        for is_disabled in [true, false] {
            let audit = entry_at(AuditAction::DisableUser, Some(old.user.id), 10);
            let set = accounts.set_disabled(old.user.id, is_disabled, audit).await;
            assert!(set.unwrap().is_some());
            assert!(live(&store, &old, 11).await.is_empty());
            assert_eq!(refreshed(&store, &old, 11).await, GenerationUse::Ended);
        }
        let export = accounts.export(old.user.id).await.unwrap().unwrap();
        assert_eq!(export.sessions.len(), EXPORTED_SESSIONS as usize);
    }
}

#[tokio::test]
async fn a_user_with_very_many_sessions_is_deleted_with_all_of_them() {
    for store in stores().await {
        for withdraws in [false, true] {
            let old = among_many(&store).await;
            let accounts = store.database.accounts();
            let audit = entry(AuditAction::DeleteUser, Some(old.user.id));
            let (app, open_id) = (&old.identity.app_id, &old.identity.open_id);
            let deleted = if withdraws {
                let identity = [Withdrawal::Identity];
                accounts.withdraw(app, open_id, &identity, audit).await
            } else {
                accounts.delete(old.user.id, audit).await
            };
            assert!(deleted.unwrap());
            let new = log_in(&store, 20, 0).await;
            assert_ne!(new.user.id, old.user.id);
            let found = store.database.sessions().find(old.session.id).await;
            assert_eq!(found.unwrap(), None);
            assert_eq!(refreshed(&store, &old, 20).await, GenerationUse::Ended);
            while count(&store, "sessions") > 1 {
                tokio::task::yield_now().await;
            }
            assert_eq!(live(&store, &new, 20).await, [new.session.id]);
            let audit = entry(AuditAction::DeleteUser, Some(new.user.id));
            assert!(accounts.delete(new.user.id, audit).await.unwrap());
        }
    }
}

#[tokio::test]
async fn a_bound_that_is_new_ends_very_many_sessions_at_the_next_login() {
    for store in stores().await {
        let old = among_many(&store).await;
        // As those that were there before sessions were counted.
        let uncounted = "UPDATE identities SET sessions_opened = 1000000000";
        store.place.execute(uncounted);
        for second in 10..14 {
            let new = log_in(&store, second, 3).await;
            let live = live(&store, &new, second).await;
            assert_eq!(live.len(), 3, "at {second}");
            assert!(live.contains(&new.session.id));
        }
        assert_eq!(refreshed(&store, &old, 20).await, GenerationUse::Ended);
        assert!(count(&store, "sessions") < 100, "dead ones are removed");
    }
}

#[tokio::test]
async fn a_user_with_very_many_sessions_is_merged_and_the_newest_are_kept() {
    for store in stores().await {
        let old = among_many(&store).await;
        let users = store.database.users();
        let other = Guest::new("wx02", "o-other").in_account("main");
        let other = account(users.record_visit(other.with_union_id("u1").visit(0)).await);
        let again = guest().with_union_id("u1").visit(1);
        account(users.record_visit(again).await);
        let merges = store.database.merges();
        let first = Page {
            after: None,
            limit: 1,
        };
        let candidate = merges.open_candidates(first).await.unwrap()[0].id;
        let audit = entry_at(AuditAction::ApplyMerge, Some(old.user.id), 10);
        let outcome = merges.apply(candidate, audit).await.unwrap();
        assert_eq!(outcome, MergeOutcome::Applied(other.user.id));

        assert_eq!(refreshed(&store, &old, 11).await, GenerationUse::Ended);
        assert_eq!(live(&store, &other, 11).await, [other.session.id]);
        while count(&store, "sessions") > 1001 {
            tokio::task::yield_now().await;
        }
        let accounts = store.database.accounts();
        let export = accounts.export(other.user.id).await.unwrap().unwrap();
        assert_eq!(export.sessions.len(), EXPORTED_SESSIONS as usize);
    }
}

/// The schema as it was before sessions were counted, with what is in it, is brought up to date.
#[tokio::test]
async fn sessions_that_were_there_before_they_were_counted_are_bounded() {
    const DOWN: &str =
        include_str!("../../../../migrations/postgres/2026-11-28-002000_many_sessions/down.sql");
    for store in stores().await {
        for second in 0..5 {
            log_in(&store, second, 0).await;
        }
        for statement in DOWN.split_terminator(';') {
            if !statement.trim().is_empty() {
                store.place.execute(statement);
            }
        }
        let forget = "DELETE FROM __diesel_schema_migrations WHERE version = '20261128002000'";
        store.place.execute(forget);

        let database = Database::open(options(store.place.url())).unwrap();
        database.migrate().await.unwrap();
        let place = store.place;
        let store = Store { database, place };
        let new = log_in(&store, 10, 3).await;
        let live = live(&store, &new, 10).await;
        assert_eq!(live.len(), 3);
        assert!(live.contains(&new.session.id));
    }
}

#[tokio::test]
async fn what_ends_the_oldest_sessions_holds_no_identity_while_it_waits_for_the_user() {
    let store = crate::store::postgres().await;
    let first = log_in(&store, 0, 1).await;
    let mut desk = PgConnection::establish(&store.place.url()).unwrap();
    let user = first.user.id;
    let lock = format!("BEGIN; SELECT FROM users WHERE id = '{user}' FOR UPDATE");
    desk.batch_execute(&lock).unwrap();

    let mut login = Box::pin(log_in(&store, 1, 1));
    let waits = async {
        let waiting = "SELECT count(*)::text AS t FROM pg_stat_activity \
                       WHERE datname = current_database() AND wait_event_type = 'Lock'";
        while store.place.texts(waiting) != ["1"] {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        _ = &mut login => panic!("the login did not wait for the user"),
        () = waits => {}
    }
    // As disabling does; it would be a deadlock if the login had the identity.
    let change = format!(
        "SET lock_timeout = '500ms'; \
         UPDATE identities SET revision = revision + 1 WHERE user_id = '{user}'; COMMIT"
    );
    desk.batch_execute(&change).unwrap();
    let second = login.await;
    assert_eq!(live(&store, &first, 1).await, [second.session.id]);
}
