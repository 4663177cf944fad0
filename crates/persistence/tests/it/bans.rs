//! Bans in the database: what they hold, and what they outlive.

use domain::audit::AuditAction;
use domain::ports::{AccountRepository, UserRepository};
use domain::testing::repository_contract::{Guest, entry};
use domain::visit::VisitOutcome;
use persistence::{Database, DatabaseOptions, MasterKeys};
use secrecy::SecretString;
use zeroize::Zeroizing;

use crate::store::{Store, account};

fn opened_with(store: &Store, keys: &[u8]) -> Database {
    let mut keys = keys.iter().map(|byte| Zeroizing::new([*byte; 32]));
    let keys = MasterKeys::new(keys.next().unwrap(), keys.collect());
    let url = SecretString::from(store.place.url());
    Database::open(DatabaseOptions::new(url, keys)).unwrap()
}

/// Disables and deletes the user of `guest`.
async fn ban(database: &Database, guest: &Guest) {
    let visitor = account(database.users().record_visit(guest.visit(0)).await);
    let (accounts, user) = (database.accounts(), visitor.user.id);
    let disabled = entry(AuditAction::DisableUser, None);
    let disabled = accounts.set_disabled(user, true, disabled);
    assert!(disabled.await.unwrap().is_some());
    assert!(
        accounts
            .delete(user, entry(AuditAction::DeleteUser, None))
            .await
            .unwrap()
    );
}

async fn is_refused(database: &Database, guest: &Guest) -> bool {
    let outcome = database.users().record_visit(guest.visit(10)).await;
    outcome.unwrap() == VisitOutcome::UserDisabled
}

async fn a_ban_outlives_the_master_key(store: &Store) {
    let guest = Guest::new("wx01", "open-id-1").in_account("main");
    let guest = guest.with_union_id("union-id-1");
    ban(&opened_with(store, &[1]), &guest).await;
    let both = opened_with(store, &[2, 1]);
    assert!(is_refused(&both, &guest).await);
    assert_eq!(both.rewrap(|_| ()).await.unwrap().lost, 0);
    let new = opened_with(store, &[2]);
    let elsewhere = Guest::new("wx02", "open-id-2").in_account("main");
    for guest in [guest, elsewhere.with_union_id("union-id-1")] {
        assert!(is_refused(&new, &guest).await);
    }
    let stranger = Guest::new("wx01", "open-id-3");
    assert!(!is_refused(&new, &stranger).await);
}

#[tokio::test]
async fn a_ban_outlives_the_master_key_on_sqlite() {
    a_ban_outlives_the_master_key(&crate::store::sqlite().await).await;
}

#[tokio::test]
async fn a_ban_outlives_the_master_key_on_postgres() {
    a_ban_outlives_the_master_key(&crate::store::postgres().await).await;
}

#[tokio::test]
async fn a_ban_holds_no_personal_data_and_differs_between_databases() {
    let guest = Guest::new("wx01", "open-id-1").in_account("main");
    let guest = guest.with_union_id("union-id-1");
    let [one, other] = [crate::store::sqlite().await, crate::store::sqlite().await];
    let mut hashes = Vec::new();
    for store in [&one, &other] {
        ban(&store.database, &guest).await;
        let rows = store.place.texts(
            "SELECT hex(hash) || '|' || coalesce(app_id, '') AS t FROM ban_hashes ORDER BY app_id",
        );
        assert_eq!(rows.len(), 2);
        let left = store.place.texts(
            "SELECT coalesce(subject, '') || actor AS t FROM audit_log \
             UNION ALL SELECT open_id FROM identities UNION ALL SELECT open_id FROM sessions",
        );
        assert!(left.iter().all(|text| text == "tester"), "{left:?}");
        hashes.extend(rows);
    }
    // The key is random, so a list of openids tells nothing about another database's bans.
    hashes.sort();
    let count = hashes.len();
    hashes.dedup();
    assert_eq!(hashes.len(), count);
}
