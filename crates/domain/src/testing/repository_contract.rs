//! Contract suite: what every store of users and sessions does.
//!
//! Each rule is a function that takes a fresh, empty store;
//! [`repository_contract!`](crate::repository_contract) makes a test of each, for one adapter.

mod accounts;
mod bans;
mod deletion;
mod generations;
mod guest;
mod identities;
mod keeping;
mod merges;
mod session_keys;
mod sessions;
mod union_ids;
mod withdrawals;

use std::net::IpAddr;
use std::sync::Arc;

use async_trait::async_trait;
use uuid::Uuid;

use crate::account::{Account, AccountExport, Page, Withdrawal};
use crate::audit::{AuditAction, AuditActor, AuditEntry};
use crate::id::{AppId, OpenId, SessionId, UserId};
use crate::ports::{
    AccountRepository, AuditLog, BanRepository, ChangeFeed, MergeCandidate, MergeOutcome,
    MergeRepository, PhoneLookups, SessionLifecycle, SessionRepository, SignatoryRepository,
    StoreResult, UserRepository, WechatTokenRepository,
};
use crate::secret::SessionKey;
use crate::session::{ListedSession, SessionAccount};
use crate::time::Timestamp;
use crate::visit::{Visit, VisitOutcome};

pub use accounts::*;
pub use bans::*;
pub use deletion::*;
pub use generations::*;
pub use guest::Guest;
pub(super) use guest::named;
pub use identities::*;
pub use keeping::*;
pub use merges::*;
pub use session_keys::*;
pub use sessions::*;
pub use union_ids::*;
pub use withdrawals::*;

/// A store as the suite sees it: its ports, and what the rules do with them.
#[async_trait]
pub trait StoreUnderTest: Send + Sync {
    fn users(&self) -> Arc<dyn UserRepository>;
    fn sessions(&self) -> Arc<dyn SessionRepository>;
    fn lifecycle(&self) -> Arc<dyn SessionLifecycle>;
    fn accounts(&self) -> Arc<dyn AccountRepository>;
    fn merges(&self) -> Arc<dyn MergeRepository>;
    fn bans(&self) -> Arc<dyn BanRepository>;
    fn audit(&self) -> Arc<dyn AuditLog>;
    fn signatories(&self) -> Arc<dyn SignatoryRepository>;
    fn changes(&self) -> Arc<dyn ChangeFeed>;
    fn wechat_tokens(&self) -> Arc<dyn WechatTokenRepository>;
    fn phone_lookups(&self) -> Arc<dyn PhoneLookups>;

    /// The same store, opened once more, as another replica of the service has it.
    fn replica(&self) -> Box<dyn StoreUnderTest>;

    /// Records a visit that must be admitted.
    async fn admit(&self, visit: Visit) -> SessionAccount {
        account(self.users().record_visit(visit).await)
    }

    /// Records a visit that must make a user.
    async fn admit_new(&self, visit: Visit) -> SessionAccount {
        let new = visit.new_user_id;
        let account = self.admit(visit).await;
        assert_eq!(account.user.id, new, "the user is not new");
        account
    }

    async fn is_refused(&self, visit: Visit) -> bool {
        let outcome = self.users().record_visit(visit).await;
        outcome.unwrap() == VisitOutcome::UserDisabled
    }

    async fn log_in(&self, guest: &Guest, seconds: i64) -> SessionAccount {
        self.admit(guest.visit(seconds)).await
    }

    /// Logs a guest in, and gives the user.
    async fn user(&self, guest: &Guest, seconds: i64) -> UserId {
        self.log_in(guest, seconds).await.user.id
    }

    async fn disable(&self, user: UserId, at: Timestamp) {
        let audit = AuditEntry {
            at,
            ..entry(AuditAction::DisableUser, Some(user))
        };
        let disabled = self.accounts().set_disabled(user, true, audit).await;
        assert!(disabled.unwrap().is_some(), "there is no such user");
    }

    async fn enable(&self, user: UserId) {
        let audit = entry(AuditAction::EnableUser, Some(user));
        let enabled = self.accounts().set_disabled(user, false, audit).await;
        assert!(enabled.unwrap().is_some(), "there is no such user");
    }

    async fn delete(&self, user: UserId) -> bool {
        let audit = entry(AuditAction::DeleteUser, Some(user));
        self.accounts().delete(user, audit).await.unwrap()
    }

    async fn withdraw(&self, guest: &Guest, what: &[Withdrawal]) -> bool {
        let audit = entry(AuditAction::Withdraw, None);
        self.withdraw_by(guest, what, audit).await
    }

    async fn withdraw_by(&self, guest: &Guest, what: &[Withdrawal], audit: AuditEntry) -> bool {
        let accounts = self.accounts();
        let withdrawn = accounts.withdraw(guest.app_id(), guest.open_id(), what, audit);
        withdrawn.await.unwrap()
    }

    async fn session(&self, id: SessionId) -> Option<SessionAccount> {
        self.sessions().find(id).await.unwrap()
    }

    /// The sessions of a user that are live at a second.
    async fn live(&self, user: UserId, second: i64) -> Vec<ListedSession> {
        let (lifecycle, all) = (self.lifecycle(), Page::first(1000));
        lifecycle.list(user, guest::at(second), all).await.unwrap()
    }

    async fn live_ids(&self, user: UserId, second: i64) -> Vec<SessionId> {
        let live = self.live(user, second).await.into_iter();
        live.map(|listed| listed.session.id).collect()
    }

    async fn account(&self, user: UserId) -> Option<Account> {
        self.accounts().find(user).await.unwrap()
    }

    async fn export(&self, user: UserId) -> AccountExport {
        self.accounts().export(user).await.unwrap().unwrap()
    }

    /// Decides that two users are one.
    async fn merge(&self, candidate: Uuid, second: i64) -> MergeOutcome {
        let audit = entry_at(AuditAction::ApplyMerge, None, second);
        self.merges().apply(candidate, audit).await.unwrap()
    }

    async fn open_candidates(&self) -> Vec<MergeCandidate> {
        self.merges().open_candidates(EVERYTHING).await.unwrap()
    }

    /// The kept session_keys of an identity, newest first.
    async fn session_keys(&self, app: &AppId, user: &OpenId) -> Vec<SessionKey> {
        self.accounts().session_keys(app, user).await.unwrap()
    }

    /// The texts of a guest's kept session_keys, newest first.
    async fn keys_of(&self, guest: &Guest) -> Vec<String> {
        let keys = self.session_keys(guest.app_id(), guest.open_id()).await;
        keys.iter().map(|key| key.expose().to_owned()).collect()
    }

    /// Pairs of users who are one person by a unionid: who logged in, and who had it before.
    async fn merge_candidates(&self) -> Vec<(UserId, UserId)> {
        let pair = |open: MergeCandidate| (open.user_id, open.union_user_id);
        self.open_candidates().await.into_iter().map(pair).collect()
    }
}

/// What a rule is given.
pub type Store = dyn StoreUnderTest;

/// A page that holds all there is.
const EVERYTHING: Page<Uuid> = Page::first(1000);

const PHONE: &str = "+8613580006666";

/// All items of a list, read by full pages until one is not.
async fn pages<T, Id>(
    limit: u32,
    id_of: impl Fn(&T) -> Id,
    list: impl AsyncFn(Page<Id>) -> Vec<T>,
) -> Vec<T> {
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let page = list(Page { after, limit }).await;
        let count = page.len();
        assert!(count <= limit as usize);
        after = page.last().map(&id_of);
        all.extend(page);
        if count < limit as usize {
            return all;
        }
    }
}

/// An entry for the audit log, with a new id.
pub fn entry(action: AuditAction, user_id: Option<UserId>) -> AuditEntry {
    entry_at(action, user_id, 0)
}

/// The same at a time ([`Guest::visit`]).
pub fn entry_at(action: AuditAction, user_id: Option<UserId>, second: i64) -> AuditEntry {
    AuditEntry {
        id: Uuid::now_v7(),
        at: guest::at(second),
        actor: AuditActor::ApiKey(String::from("tester")),
        action,
        user_id,
        subject: None,
        from: Some(IpAddr::from([127, 0, 0, 1])),
    }
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
            a_nickname_stays_until_a_real_one_is_told,
            the_last_three_session_keys_are_kept_newest_first,
            a_session_key_that_is_already_the_newest_is_not_kept_twice,
            session_keys_of_visits_at_once_are_all_kept,
            a_visit_without_a_session_key_keeps_those_there_are,
            a_new_identity_with_a_known_unionid_joins_its_user,
            first_visits_of_one_unionid_in_two_apps_at_once_make_one_user,
            one_unionid_in_two_open_platform_accounts_is_two_users,
            without_an_open_platform_account_a_unionid_joins_no_users,
            a_unionid_that_shows_up_later_is_added_to_the_identity,
            a_late_unionid_of_another_user_joins_no_users_and_is_noted_once,
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
            a_generation_can_be_used_until_its_successor_is,
            the_use_of_a_replaced_generation_ends_the_session_on_every_replica,
            uses_of_two_generations_at_once_end_in_one_state,
            a_generation_that_was_just_replaced_is_taken_for_the_grace,
            the_grace_is_for_the_generation_before_the_newest_alone,
            an_access_token_of_a_replaced_generation_changes_nothing,
            a_use_moves_the_end_and_a_new_generation_the_time_of_last_use,
            a_session_that_is_over_cannot_be_used,
            live_sessions_are_listed_newest_first,
            a_session_is_ended_only_by_its_user_and_once,
            all_sessions_of_a_user_end_at_once_and_no_others,
            a_further_login_ends_the_oldest_sessions_beyond_the_bound,
            logins_at_once_leave_no_more_sessions_than_the_bound,
            a_list_gives_pages_newest_first,
            who_has_no_position_is_told_everything,
            a_position_that_means_nothing_is_told_everything,
            every_change_is_announced_to_every_replica,
            a_login_that_changes_nothing_is_not_announced,
            an_account_shows_all_identities,
            accounts_are_found_by_openid_unionid_and_phone_together,
            a_search_gives_pages_by_ascending_user,
            an_edit_changes_what_it_names_and_nothing_else,
            an_edit_takes_back_what_it_clears,
            an_edit_at_the_moment_of_logins_is_not_lost,
            what_is_not_there_is_not_changed,
            an_export_holds_everything,
            a_disabled_user_stays_so_since_when_they_were,
            no_session_survives_disabling_at_the_moment_of_logins,
            ending_sessions_on_the_operators_word_counts_the_live_ones,
            a_deleted_user_leaves_nothing_behind,
            after_a_deletion_the_next_login_is_a_new_user,
            a_deletion_at_the_moment_of_logins_leaves_no_strays,
            what_is_withdrawn_is_cleared,
            a_withdrawn_identity_goes_with_its_sessions,
            a_withdrawn_last_identity_takes_the_account_along,
            a_withdrawn_identity_takes_its_unionid_along,
            an_applied_merge_makes_two_users_one,
            an_applied_merge_sorts_out_the_other_candidates,
            a_merge_at_the_moment_of_logins_leaves_one_user,
            a_dismissed_merge_stays_dismissed,
            a_disabled_and_an_enabled_user_are_not_merged,
            a_decision_that_is_repeated_is_told_again,
            a_freed_unionid_goes_to_those_who_show_it,
            a_unionid_that_its_user_withdraws_goes_to_those_who_show_it,
            a_disabled_user_who_is_deleted_stays_shut_out,
            a_disabled_user_who_withdraws_stays_shut_out,
            a_banned_unionid_shuts_out_also_who_shows_it_late,
            a_message_that_wechat_repeats_is_obeyed_once,
            who_is_enabled_leaves_no_ban,
            enabling_lifts_the_bans_of_withdrawn_identities,
            a_lifted_ban_lets_the_person_in_as_a_new_user,
            a_deletion_at_the_moment_of_a_ban_does_not_open_the_way_back,
            a_ban_holds_at_the_moment_of_logins,
            a_deed_that_is_repeated_is_told_as_done,
            a_wechat_token_replaces_the_one_before,
            phone_lookups_are_counted_by_user_and_day,
            of_many_phone_lookups_at_once_so_many_are_counted,
            audit_entries_are_found_newest_first,
            audit_entries_at_once_are_all_kept,
            a_signatory_is_found_by_user_and_by_openid_in_their_app,
            the_session_key_that_signs_is_the_newest_on_every_replica,
            after_a_merge_the_identity_that_logged_in_last_signs,
            many_signatories_at_once_are_each_their_own,
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

fn account(outcome: StoreResult<VisitOutcome>) -> SessionAccount {
    match outcome {
        Ok(VisitOutcome::Recorded { account, .. }) => SessionAccount::clone(&account),
        Ok(VisitOutcome::UserDisabled) => panic!("the user is not disabled"),
        Err(error) => panic!("the visit was not recorded: {error:?}"),
    }
}

/// Records visits at the same moment, all of which must be admitted.
async fn admit_at_once(store: &Store, visits: Vec<Visit>) -> Vec<SessionAccount> {
    let outcomes = at_once(store, visits).await;
    outcomes.into_iter().map(account).collect()
}

/// Records visits at the same moment.
async fn at_once(store: &Store, visits: Vec<Visit>) -> Vec<StoreResult<VisitOutcome>> {
    let users = store.users();
    let all = visits.into_iter().map(|visit| users.record_visit(visit));
    futures_util::future::join_all(all).await
}
