//! Rules: finding and changing accounts.

use futures_util::future::join;
use uuid::Uuid;

use super::guest::at;
use super::{Guest, PHONE, Store, admit_at_once, entry, entry_at, pages};
use crate::account::{AccountIdentity, AccountQuery, Page, Withdrawal};
use crate::audit::AuditAction;
use crate::id::{OpenId, UnionId, UserId};
use crate::profile::{Edit, Gender, Profile, ProfileEdit};

async fn found(store: &Store, query: &AccountQuery, page: Page<UserId>) -> Vec<UserId> {
    let found = store.accounts().search(query, page).await.unwrap();
    found.iter().map(|account| account.user.id).collect()
}

pub async fn an_account_shows_all_identities(store: &Store) {
    let member = |app: &str| Guest::known(app, "o1", "u1");
    let first = store.admit(member("wx02").visit_as(0, "Band")).await;
    store.log_in(&member("wx02"), 60).await;
    let second = store.log_in(&member("wx01"), 30).await;
    assert_eq!(second.user.id, first.user.id);

    let account = store.account(first.user.id).await.unwrap();
    assert_eq!(account.user, second.user);
    assert_eq!(account.user.last_login_at, at(60));
    let expected = [(first.identity, 0, 60), (second.identity, 30, 30)];
    let expected = expected.map(|(identity, first, last)| AccountIdentity {
        identity,
        created_at: at(first),
        last_login_at: at(last),
    });
    assert_eq!(account.identities, expected);
}

pub async fn accounts_are_found_by_openid_unionid_and_phone_together(store: &Store) {
    let [one, third] = [("wx01", "o1"), ("wx02", "o2")]
        .map(|(app, open_id)| Guest::new(app, open_id).with_union_id("u1"));
    let (one, third) = (store.user(&one, 0).await, store.user(&third, 0).await);
    let other = store.user(&Guest::new("wx02", "o1"), 0).await;
    store.accounts().set_phone(other, PHONE).await.unwrap();

    let query = |open_id: Option<&str>, union_id: Option<&str>, phones: &[&str]| AccountQuery {
        open_id: open_id.map(OpenId::new),
        union_id: union_id.map(UnionId::new),
        phones: phones.iter().map(|phone| String::from(*phone)).collect(),
    };
    for (query, mut expected) in [
        (query(None, None, &[]), vec![one, other, third]),
        (query(Some("o1"), None, &[]), vec![one, other]),
        (query(None, Some("u1"), &[]), vec![one, third]),
        (query(None, None, &[PHONE]), vec![other]),
        (query(None, None, &["+13580006666", PHONE]), vec![other]),
        (query(Some("o1"), Some("u1"), &[]), vec![one]),
        (query(Some("o1"), None, &[PHONE]), vec![other]),
        (query(Some("o1"), Some("u1"), &[PHONE]), vec![]),
        (query(Some("o3"), None, &[]), vec![]),
    ] {
        expected.sort();
        let found = found(store, &query, Page::first(100)).await;
        assert_eq!(found, expected, "{query:?}");
    }
}

pub async fn a_search_gives_pages_by_ascending_user(store: &Store) {
    let mut users = Vec::new();
    for number in 0..7 {
        let guest = Guest::new("wx01", &format!("o{number}"));
        users.push(store.user(&guest, 0).await);
    }
    users.sort();
    let query = AccountQuery::default();
    let list = async |page| found(store, &query, page).await;
    assert_eq!(pages(3, |user| *user, list).await, users);
}

pub async fn an_edit_changes_what_it_names_and_nothing_else(store: &Store) {
    let visit = Guest::new("wx01", "o1").visit_as(0, "Band");
    let before = store.admit(visit).await;
    let accounts = store.accounts();
    let edit = ProfileEdit {
        gender: Edit::Set(Gender::Female),
        city: Edit::Set(String::from("广州")),
        ..ProfileEdit::default()
    };
    let edited = accounts.edit_profile(before.user.id, edit).await.unwrap();
    let mut expected = before.user;
    expected.profile.gender = Some(Gender::Female);
    expected.profile.city = Some(String::from("广州"));
    assert_eq!(edited.as_ref(), Some(&expected));

    let called = accounts.set_phone(expected.id, PHONE).await.unwrap();
    expected.phone = Some(String::from(PHONE));
    assert_eq!(called.as_ref(), Some(&expected));
    let seen = store.session(before.session.id).await;
    assert_eq!(seen.unwrap().user, expected);
}

pub async fn an_edit_takes_back_what_it_clears(store: &Store) {
    let visit = Guest::new("wx01", "o1").visit_as(0, "Band");
    let (user, accounts) = (store.admit(visit).await.user.id, store.accounts());
    let text = |text: &str| Edit::Set(String::from(text));
    let all = ProfileEdit {
        nick_name: Edit::Keep,
        avatar_url: text("https://example.com/a.png"),
        gender: Edit::Set(Gender::Male),
        language: text("zh_CN"),
        country: text("中国"),
        province: text("广东"),
        city: text("广州"),
    };
    let filled = accounts.edit_profile(user, all).await.unwrap().unwrap();
    assert_eq!(filled.profile.nick_name.as_deref(), Some("Band"));
    assert_eq!(filled.profile.gender, Some(Gender::Male));
    let none = ProfileEdit {
        nick_name: Edit::Clear,
        avatar_url: Edit::Clear,
        gender: Edit::Clear,
        language: Edit::Clear,
        country: Edit::Clear,
        province: Edit::Clear,
        city: Edit::Clear,
    };
    let cleared = accounts.edit_profile(user, none).await.unwrap().unwrap();
    assert_eq!(cleared.profile, Profile::default());
    assert_eq!(store.account(user).await.unwrap().user, cleared);
}

pub async fn an_edit_at_the_moment_of_logins_is_not_lost(store: &Store) {
    let (guest, accounts) = (Guest::new("wx01", "o1"), store.replica().accounts());
    let user = store.user(&guest, 0).await;
    for round in 0..15 {
        let names = (0..6).map(|second| guest.visit_as(second, &format!("{round} {second}")));
        let city = Some(format!("city {round}"));
        let edit = ProfileEdit {
            city: city.clone().map_or(Edit::Keep, Edit::Set),
            ..ProfileEdit::default()
        };
        let edited = accounts.edit_profile(user, edit);
        let (_, edited) = join(admit_at_once(store, names.collect()), edited).await;
        assert_eq!(edited.unwrap().unwrap().profile.city, city);
        let profile = store.account(user).await.unwrap().user.profile;
        assert_eq!(profile.city, city);
        assert!(profile.nick_name.unwrap().starts_with(&format!("{round} ")));
    }
}

pub async fn what_is_not_there_is_not_changed(store: &Store) {
    let (accounts, unknown) = (store.accounts(), UserId::new(Uuid::now_v7()));
    let audit = || entry(AuditAction::DeleteUser, Some(unknown));
    let start = store.changes().since(None).await.unwrap().position;
    assert_eq!(store.account(unknown).await, None);
    let edited = accounts.edit_profile(unknown, ProfileEdit::default()).await;
    assert_eq!(edited.unwrap(), None);
    assert_eq!(accounts.set_phone(unknown, PHONE).await.unwrap(), None);
    let disabled = accounts.set_disabled(unknown, true, audit()).await;
    assert_eq!(disabled.unwrap(), None);
    let ended = accounts.end_sessions(unknown, audit()).await;
    assert_eq!(ended.unwrap(), None);
    assert!(!accounts.delete(unknown, audit()).await.unwrap());
    assert_eq!(accounts.export(unknown).await.unwrap(), None);
    let guest = Guest::new("wx01", "o1");
    assert!(!store.withdraw(&guest, &[Withdrawal::Identity]).await);
    let news = store.changes().since(Some(&start)).await.unwrap();
    assert_eq!(news.changes, []);
}

pub async fn an_export_holds_everything(store: &Store) {
    let guest = Guest::member("wx01", "o1");
    let own = store.admit(guest.visit_as(0, "Band")).await;
    let other = store.user(&Guest::known("wx02", "o2", "u1"), 0).await;
    let second = store.log_in(&guest.with_union_id("u1"), 10).await;
    let user = own.user.id;
    let audit = entry_at(AuditAction::EndSessions, Some(user), 20);
    let accounts = store.accounts();
    let ended = accounts.end_sessions(user, audit.clone()).await;
    ended.unwrap();
    let about_another = entry(AuditAction::EndSessions, Some(other));
    store.audit().record(about_another).await.unwrap();

    let export = store.export(user).await;
    assert_eq!(Some(export.account), store.account(user).await);
    let sessions = export.sessions.iter().map(|listed| &listed.session);
    let sessions = sessions.map(|session| (session.id, session.ended_at));
    let expected = [second, own].map(|account| (account.session.id, Some(at(20))));
    assert_eq!(sessions.collect::<Vec<_>>(), expected);
    assert_eq!(export.audit, [audit]);
    assert_eq!(export.merge_candidates, [other]);
    assert_eq!(store.export(other).await.merge_candidates, [user]);
}
