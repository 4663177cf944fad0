//! Contract suite: what every store of users and sessions does.
//!
//! Each rule is a function that takes a fresh, empty store;
//! [`repository_contract!`](crate::repository_contract) makes a test of each, for one adapter.

mod atomicity;
mod guest;
mod identities;
mod profiles;
mod session_keys;
mod session_lookup;
mod union_ids;

use std::sync::Arc;

use async_trait::async_trait;

use crate::id::{AppId, OpenId, UserId};
use crate::ports::{SessionRepository, UserRepository};
use crate::secret::SessionKey;
use crate::session::SessionAccount;
use crate::time::Timestamp;
use crate::visit::{Visit, VisitOutcome};

pub use atomicity::*;
pub use guest::Guest;
pub use identities::*;
pub use profiles::*;
pub use session_keys::*;
pub use session_lookup::*;
pub use union_ids::*;

/// A store as the suite sees it: the two ports, and what no port says (yet).
#[async_trait]
pub trait StoreUnderTest: Send + Sync {
    /// The store of users.
    fn users(&self) -> Arc<dyn UserRepository>;

    /// The store of sessions.
    fn sessions(&self) -> Arc<dyn SessionRepository>;

    /// Shuts a user out.
    async fn disable(&self, user: UserId, at: Timestamp);

    /// The kept session_keys of an identity, newest first.
    async fn session_keys(&self, app: &AppId, user: &OpenId) -> Vec<SessionKey>;

    /// Pairs of users who are one person by a unionid: who logged in, and who had it before.
    async fn merge_candidates(&self) -> Vec<(UserId, UserId)>;
}

/// Makes a test of each rule of the contract. `$store` is a function that gives a future of a fresh,
/// empty [`StoreUnderTest`](crate::testing::repository_contract::StoreUnderTest).
#[macro_export]
macro_rules! repository_contract {
    ($store:path) => {
        $crate::repository_contract! { $store =>
            a_first_visit_makes_a_user,
            a_second_visit_finds_the_user,
            one_openid_in_two_apps_is_two_users,
            first_visits_of_one_openid_at_once_make_one_user,
            the_time_of_the_last_login_never_goes_back,
            a_disabled_user_is_told_so_and_nothing_is_stored,
            the_user_learns_the_reports_in_their_order,
            an_anonymous_report_does_not_replace_a_stored_nickname,
            a_visit_without_a_report_leaves_the_profile_alone,
            a_nul_character_does_no_harm,
            the_last_three_session_keys_are_kept_newest_first,
            a_session_key_that_is_already_the_newest_is_not_kept_twice,
            session_keys_of_visits_at_once_are_all_kept,
            a_new_identity_with_a_known_unionid_joins_its_user,
            first_visits_of_one_unionid_in_two_apps_at_once_make_one_user,
            one_unionid_in_two_open_platform_accounts_is_two_users,
            without_an_open_platform_account_a_unionid_joins_nobody,
            a_unionid_that_shows_up_later_is_added_to_the_identity,
            a_late_unionid_of_another_user_joins_nobody_and_is_noted_once,
            a_unionid_is_linked_as_soon_as_its_account_is_named,
            a_new_identity_of_a_disabled_user_is_not_stored,
            users_of_two_apps_share_the_time_of_their_last_login,
            a_session_is_found_with_its_user_and_identity,
            a_session_shows_what_its_user_became_later,
            an_unknown_session_is_not_found,
            an_expired_session_is_found_all_the_same,
            a_repeated_code_and_nonce_find_their_session,
            a_repeated_code_is_found_across_the_hour,
            a_code_that_wechat_takes_twice_opens_two_sessions,
            a_visit_that_fails_leaves_nothing_behind,
            a_visit_that_fails_fails_alone,
            many_visits_at_once_are_all_recorded,
        }
    };
    ($store:path => $($rule:ident,)+) => {
        $(
            #[tokio::test]
            async fn $rule() {
                let store = $store().await;
                $crate::testing::repository_contract::$rule(&store).await;
            }
        )+
    };
}

/// Records a visit that must be admitted.
async fn admitted(store: &dyn StoreUnderTest, visit: Visit) -> SessionAccount {
    account(store.users().record_visit(visit).await)
}

#[expect(clippy::panic, reason = "a rule that is broken fails its test")]
fn account(outcome: Result<VisitOutcome, crate::ports::RepositoryError>) -> SessionAccount {
    match outcome {
        Ok(VisitOutcome::Recorded(account)) => *account,
        Ok(VisitOutcome::UserDisabled) => panic!("the user is not disabled"),
        Err(error) => panic!("the visit was not recorded: {error:?}"),
    }
}

/// Records visits at the same moment.
async fn at_once(
    store: &dyn StoreUnderTest,
    visits: Vec<Visit>,
) -> Vec<Result<VisitOutcome, crate::ports::RepositoryError>> {
    let users = store.users();
    let all = visits.into_iter().map(|visit| users.record_visit(visit));
    futures_util::future::join_all(all).await
}
