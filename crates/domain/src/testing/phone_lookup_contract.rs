//! Contract suite: what every counter of phone lookups does.

use futures_util::future::join_all;

use crate::id::UserId;
use crate::ports::PhoneLookups;

/// `here` and `there` are two replicas; the users exist and have looked nothing up.
pub async fn lookups_are_counted_by_user_and_day(
    [here, there]: [&dyn PhoneLookups; 2],
    [alice, bob]: [UserId; 2],
) {
    for at_most in [1, 2, 3] {
        assert!(here.count(alice, 10, at_most).await.unwrap(), "{at_most}");
        assert!(!there.count(alice, 10, at_most).await.unwrap());
    }
    assert!(there.count(bob, 10, 1).await.unwrap(), "another user");
    for day in [9, 10, 11] {
        there.uncount(alice, day).await.unwrap();
    }
    assert!(
        here.count(alice, 10, 3).await.unwrap(),
        "one was taken back"
    );
    assert!(!here.count(alice, 10, 3).await.unwrap());
    assert!(here.count(alice, 11, 1).await.unwrap(), "another day");
    assert!(!there.count(alice, 11, 1).await.unwrap());
}

/// As [`lookups_are_counted_by_user_and_day`].
pub async fn of_many_lookups_at_once_so_many_are_counted(
    [here, there]: [&dyn PhoneLookups; 2],
    user: UserId,
) {
    let many = (0..20).map(|number| {
        let replica = if number % 2 == 0 { here } else { there };
        replica.count(user, 20, 5)
    });
    let counted = join_all(many).await.into_iter().map(Result::unwrap);
    assert_eq!(counted.filter(|counted| *counted).count(), 5);
}
