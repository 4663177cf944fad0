//! Rules: shutting users out.

use futures_util::future::join;

use super::guest::at;
use super::{Guest, Store, at_once, entry_at};
use crate::audit::AuditAction;
use crate::visit::VisitOutcome;

pub async fn a_disabled_user_stays_so_since_when_they_were(store: &Store) {
    let guest = Guest::new("wx01", "o1");
    let visitor = store.log_in(&guest, 0).await;
    let (accounts, user) = (store.accounts(), visitor.user.id);
    for (disabled_at, expected) in [
        (Some(10), Some(10)),
        (Some(20), Some(10)),
        (None, None),
        (Some(30), Some(30)),
        (None, None),
    ] {
        let second = disabled_at.unwrap_or_default();
        let audit = entry_at(AuditAction::DisableUser, Some(user), second);
        let account = accounts.set_disabled(user, disabled_at.is_some(), audit);
        let account = account.await;
        assert_eq!(account.unwrap().unwrap().user.disabled_at, expected.map(at));
    }
    let session = store.session(visitor.session.id).await;
    assert_eq!(session.unwrap().session.ended_at, Some(at(10)));
    assert_eq!(store.user(&guest, 40).await, user);
    assert_eq!(store.export(user).await.audit.len(), 5);
}

pub async fn no_session_survives_disabling_at_the_moment_of_logins(store: &Store) {
    let replica = store.replica();
    for round in 0..15 {
        let guest = Guest::new("wx01", &format!("o{round}"));
        let user = store.user(&guest, 0).await;
        let visits = (0..6).map(|second| guest.visit_as(second, &second.to_string()));
        let logins = at_once(store, visits.collect());
        let (outcomes, ()) = join(logins, replica.disable(user, at(10))).await;
        for outcome in outcomes {
            if let VisitOutcome::Recorded { account, .. } = outcome.unwrap() {
                let found = store.session(account.session.id).await;
                assert_eq!(found.unwrap().session.ended_at, Some(at(10)));
            }
        }
        assert!(store.live(user, 11).await.is_empty());
        assert!(store.is_refused(guest.visit(20)).await);
    }
}

pub async fn ending_sessions_on_the_operators_word_counts_the_live_ones(store: &Store) {
    let guest = Guest::new("wx01", "o1");
    store.log_in(&guest, 0).await;
    let user = store.user(&guest, 1).await;
    let accounts = store.accounts();
    for expected in [2, 0] {
        let audit = entry_at(AuditAction::EndSessions, Some(user), 10);
        let ended = accounts.end_sessions(user, audit).await;
        assert_eq!(ended.unwrap(), Some(expected));
    }
    assert_eq!(store.export(user).await.audit.len(), 2);
}
