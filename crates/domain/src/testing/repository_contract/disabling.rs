//! Rules: shutting users out.

use futures_util::future::join;

use super::guest::at;
use super::{ALL, Guest, StoreUnderTest, admitted, at_once, entry};
use crate::audit::AuditAction;
use crate::visit::VisitOutcome;

pub async fn a_disabled_user_stays_so_since_when_they_were(store: &dyn StoreUnderTest) {
    let guest = Guest::new("wx01", "o1");
    let visitor = admitted(store, guest.visit(0)).await;
    let (accounts, user) = (store.accounts(), visitor.user.id);
    for (disabled_at, expected) in [
        (Some(at(10)), Some(at(10))),
        (Some(at(20)), Some(at(10))),
        (None, None),
        (Some(at(30)), Some(at(30))),
        (None, None),
    ] {
        let audit = entry(AuditAction::DisableUser, Some(user));
        let account = accounts.set_disabled(user, disabled_at, audit).await;
        assert_eq!(account.unwrap().unwrap().user.disabled_at, expected);
    }
    let session = store.session(visitor.session.id).await;
    assert_eq!(session.unwrap().session.ended_at, Some(at(10)));
    let again = admitted(store, guest.visit(40)).await;
    assert_eq!(again.user.id, user);
    let export = store.export(user).await;
    assert_eq!(export.audit.len(), 5);
}

pub async fn no_session_survives_disabling_at_the_moment_of_logins(store: &dyn StoreUnderTest) {
    let replica = store.replica();
    for round in 0..15 {
        let guest = Guest::new("wx01", &format!("o{round}"));
        let user = admitted(store, guest.visit(0)).await.user.id;
        let visits = (0..6).map(|second| guest.visit_as(second, &second.to_string()));
        let (outcomes, ()) = join(
            at_once(store, visits.collect()),
            replica.disable(user, at(10)),
        )
        .await;
        for outcome in outcomes {
            if let VisitOutcome::Recorded { account, .. } = outcome.unwrap() {
                let found = store.session(account.session.id).await;
                assert_eq!(found.unwrap().session.ended_at, Some(at(10)));
            }
        }
        let live = store.lifecycle().list(user, at(11), ALL).await.unwrap();
        assert!(live.is_empty());
        let refused = store.users().record_visit(guest.visit(20)).await;
        assert_eq!(refused.unwrap(), VisitOutcome::UserDisabled);
    }
}

pub async fn ending_sessions_on_the_operators_word_counts_the_live_ones(
    store: &dyn StoreUnderTest,
) {
    let guest = Guest::new("wx01", "o1");
    admitted(store, guest.visit(0)).await;
    let user = admitted(store, guest.visit(1)).await.user.id;
    let accounts = store.accounts();
    for expected in [2, 0] {
        let audit = entry(AuditAction::EndSessions, Some(user));
        let ended = accounts.end_sessions(user, at(10), audit).await;
        assert_eq!(ended.unwrap(), Some(expected));
    }
    let export = store.export(user).await;
    assert_eq!(export.audit.len(), 2);
}
