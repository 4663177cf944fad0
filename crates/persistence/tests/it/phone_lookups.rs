//! How often phone numbers were looked up.

use domain::id::UserId;
use domain::ports::{PhoneLookups, UserRepository};
use domain::testing::phone_lookup_contract::{
    lookups_are_counted_by_user_and_day, of_many_lookups_at_once_so_many_are_counted,
};
use domain::testing::repository_contract::Guest;
use persistence::Database;

use crate::store::{Store, account, options, postgres, sqlite};

async fn user(store: &Store, open_id: &str) -> UserId {
    let guest = Guest::new("wx01", open_id);
    let visit = store.database.users().record_visit(guest.visit(0)).await;
    account(visit).user.id
}

#[tokio::test]
async fn lookups_are_counted_on_both_databases_and_by_all_replicas() {
    for store in [sqlite().await, postgres().await] {
        let (alice, bob) = (user(&store, "o1").await, user(&store, "o2").await);
        let replica = Database::open(options(store.place.url())).unwrap();
        let (here, there) = (store.database.phone_lookups(), replica.phone_lookups());
        let replicas: [&dyn PhoneLookups; 2] = [&here, &there];
        lookups_are_counted_by_user_and_day(replicas, [alice, bob]).await;
        of_many_lookups_at_once_so_many_are_counted(replicas, bob).await;

        store.place.execute("DELETE FROM users");
        let left = "SELECT CAST(count(*) AS text) AS t FROM phone_lookups";
        assert_eq!(
            store.place.texts(left),
            ["0"],
            "the count goes with the user"
        );
        assert!(
            here.count(alice, 11, 1).await.unwrap(),
            "a user who is gone"
        );
    }
}
