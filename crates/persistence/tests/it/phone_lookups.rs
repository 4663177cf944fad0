//! How often phone numbers were looked up.

use domain::ports::{PhoneLookups, UserRepository};
use domain::testing::repository_contract::Guest;

use crate::store::{account, postgres, sqlite};

#[tokio::test]
async fn the_count_of_lookups_goes_with_the_user() {
    for store in [sqlite().await, postgres().await] {
        let visit = Guest::new("wx01", "o1").visit(0);
        let user = account(store.database.users().record_visit(visit).await)
            .user
            .id;
        let lookups = store.database.phone_lookups();
        assert!(lookups.count(user, 11, 1).await.unwrap());

        store.place.execute("DELETE FROM users");
        let left = "SELECT CAST(count(*) AS text) AS t FROM phone_lookups";
        assert_eq!(store.place.texts(left), ["0"]);
        let counted = lookups.count(user, 11, 1).await;
        assert!(counted.unwrap(), "a user who is gone");
    }
}
