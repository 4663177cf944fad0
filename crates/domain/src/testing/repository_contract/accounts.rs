//! Rules: finding and changing accounts.

use futures_util::future::join;
use uuid::Uuid;

use super::guest::at;
use super::{Guest, StoreUnderTest, account, admitted, at_once, entry};
use crate::account::{AccountQuery, Page, Withdrawal};
use crate::audit::AuditAction;
use crate::id::{OpenId, UnionId, UserId};
use crate::profile::{Edit, Gender, Profile, ProfileEdit};

const PHONE: &str = "+8613580006666";

async fn found(store: &dyn StoreUnderTest, query: &AccountQuery) -> Vec<UserId> {
    let found = store
        .accounts()
        .search(query, Page::first(100))
        .await
        .unwrap();
    found.iter().map(|account| account.user.id).collect()
}

pub async fn an_account_shows_all_identities(store: &dyn StoreUnderTest) {
    let member = |app: &str| Guest::member(app, "o1").with_union_id("u1");
    let first = admitted(store, member("wx02").visit_as(0, "Band")).await;
    admitted(store, member("wx02").visit(60)).await;
    let second = admitted(store, member("wx01").visit(30)).await;
    assert_eq!(second.user.id, first.user.id);

    let account = store.account(first.user.id).await.unwrap();
    assert_eq!(account.user, second.user);
    assert_eq!(account.user.last_login_at, at(60));
    let identities: Vec<_> = account
        .identities
        .iter()
        .map(|known| {
            (
                known.identity.clone(),
                known.created_at,
                known.last_login_at,
            )
        })
        .collect();
    let expected = [
        (first.identity, at(0), at(60)),
        (second.identity, at(30), at(30)),
    ];
    assert_eq!(identities, expected);
}

pub async fn accounts_are_found_by_openid_unionid_and_phone_together(store: &dyn StoreUnderTest) {
    let one = Guest::new("wx01", "o1").with_union_id("u1").visit(0);
    let one = admitted(store, one).await.user.id;
    let other = admitted(store, Guest::new("wx02", "o1").visit(0))
        .await
        .user
        .id;
    let third = Guest::new("wx02", "o2").with_union_id("u1").visit(0);
    let third = admitted(store, third).await.user.id;
    store.accounts().set_phone(other, PHONE).await.unwrap();

    let query = |open_id: Option<&str>, union_id: Option<&str>, phone: Option<&str>| AccountQuery {
        open_id: open_id.map(OpenId::new),
        union_id: union_id.map(UnionId::new),
        phones: phone.into_iter().map(ToOwned::to_owned).collect(),
    };
    let mut either = query(None, None, Some("+13580006666"));
    either.phones.push(String::from(PHONE));
    for (query, expected) in [
        (query(None, None, None), vec![one, other, third]),
        (query(Some("o1"), None, None), vec![one, other]),
        (query(None, Some("u1"), None), vec![one, third]),
        (query(None, None, Some(PHONE)), vec![other]),
        (either, vec![other]),
        (query(Some("o1"), Some("u1"), None), vec![one]),
        (query(Some("o1"), None, Some(PHONE)), vec![other]),
        (query(Some("o1"), Some("u1"), Some(PHONE)), vec![]),
        (query(Some("o3"), None, None), vec![]),
    ] {
        let mut expected = expected;
        expected.sort();
        assert_eq!(found(store, &query).await, expected, "{query:?}");
    }
}

pub async fn a_search_gives_pages_by_ascending_user(store: &dyn StoreUnderTest) {
    let mut users = Vec::new();
    for number in 0..7 {
        let guest = Guest::new("wx01", &format!("o{number}"));
        users.push(admitted(store, guest.visit(0)).await.user.id);
    }
    users.sort();
    let mut seen = Vec::new();
    let mut page = Page::first(3);
    loop {
        let query = AccountQuery::default();
        let found = store.accounts().search(&query, page).await.unwrap();
        seen.extend(found.iter().map(|account| account.user.id));
        page.after = found.last().map(|account| account.user.id);
        if found.len() < 3 {
            break;
        }
    }
    assert_eq!(seen, users);
}

pub async fn an_edit_changes_what_it_names_and_nothing_else(store: &dyn StoreUnderTest) {
    let before = admitted(store, Guest::new("wx01", "o1").visit_as(0, "Band")).await;
    let accounts = store.accounts();
    let edit = ProfileEdit {
        gender: Edit::Set(Gender::Female),
        city: Edit::Set(String::from("广州")),
        ..ProfileEdit::default()
    };
    let edited = accounts
        .edit_profile(before.user.id, edit)
        .await
        .unwrap()
        .unwrap();
    let mut expected = before.user;
    expected.profile.gender = Some(Gender::Female);
    expected.profile.city = Some(String::from("广州"));
    assert_eq!(edited, expected);

    let called = accounts.set_phone(edited.id, PHONE).await.unwrap().unwrap();
    expected.phone = Some(String::from(PHONE));
    assert_eq!(called, expected);
    let seen = store.session(before.session.id).await;
    assert_eq!(seen.unwrap().user, expected);
}

pub async fn an_edit_takes_back_what_it_clears(store: &dyn StoreUnderTest) {
    let user = admitted(store, Guest::new("wx01", "o1").visit_as(0, "Band"))
        .await
        .user;
    let accounts = store.accounts();
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
    let filled = accounts.edit_profile(user.id, all).await.unwrap().unwrap();
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
    let cleared = accounts.edit_profile(user.id, none).await.unwrap().unwrap();
    assert_eq!(cleared.profile, Profile::default());
    let found = store.account(user.id).await.unwrap();
    assert_eq!(found.user, cleared);
}

pub async fn an_edit_at_the_moment_of_logins_is_not_lost(store: &dyn StoreUnderTest) {
    let (guest, replica) = (Guest::new("wx01", "o1"), store.replica());
    let user = admitted(store, guest.visit_as(0, "Band")).await.user.id;
    for round in 0..15 {
        let names = (0..6).map(|second| guest.visit_as(second, &format!("{round} {second}")));
        let city = format!("city {round}");
        let edit = ProfileEdit {
            city: Edit::Set(city.clone()),
            ..ProfileEdit::default()
        };
        let accounts = replica.accounts();
        let (outcomes, edited) = join(
            at_once(store, names.collect()),
            accounts.edit_profile(user, edit),
        )
        .await;
        for outcome in outcomes {
            account(outcome);
        }
        assert_eq!(edited.unwrap().unwrap().profile.city, Some(city.clone()));
        let found = store.account(user).await.unwrap();
        let profile = found.user.profile;
        assert_eq!(profile.city, Some(city));
        assert!(profile.nick_name.unwrap().starts_with(&format!("{round} ")));
    }
}

pub async fn what_is_not_there_is_not_changed(store: &dyn StoreUnderTest) {
    let (accounts, unknown_user) = (store.accounts(), UserId::new(Uuid::now_v7()));
    let audit = || entry(AuditAction::DeleteUser, Some(unknown_user));
    let start = store.changes().since(None).await.unwrap().position;
    assert_eq!(store.account(unknown_user).await, None);
    let edit = ProfileEdit::default();
    assert_eq!(
        accounts.edit_profile(unknown_user, edit).await.unwrap(),
        None
    );
    assert_eq!(accounts.set_phone(unknown_user, PHONE).await.unwrap(), None);
    let disabled = accounts
        .set_disabled(unknown_user, Some(at(0)), audit())
        .await;
    assert_eq!(disabled.unwrap(), None);
    let ended = accounts.end_sessions(unknown_user, at(0), audit()).await;
    assert_eq!(ended.unwrap(), None);
    assert!(!accounts.delete(unknown_user, audit()).await.unwrap());
    assert_eq!(accounts.export(unknown_user).await.unwrap(), None);
    let guest = Guest::new("wx01", "o1");
    let withdrawn = [Withdrawal::Identity];
    let withdrawn = accounts.withdraw(guest.app_id(), guest.open_id(), &withdrawn, audit());
    assert!(!withdrawn.await.unwrap());
    let news = store.changes().since(Some(&start)).await.unwrap();
    assert_eq!(news.changes, []);
}

pub async fn an_export_holds_everything(store: &dyn StoreUnderTest) {
    let guest = Guest::member("wx01", "o1");
    let own = admitted(store, guest.visit_as(0, "Band")).await;
    let other = Guest::member("wx02", "o2").with_union_id("u1");
    let other = admitted(store, other.visit(0)).await;
    let second = admitted(store, guest.with_union_id("u1").visit(10)).await;
    let user = own.user.id;
    let audit = entry(AuditAction::EndSessions, Some(user));
    let accounts = store.accounts();
    accounts
        .end_sessions(user, at(20), audit.clone())
        .await
        .unwrap();
    let about_another = entry(AuditAction::EndSessions, Some(other.user.id));
    store.audit().record(about_another).await.unwrap();

    let export = store.export(user).await;
    assert_eq!(Some(export.account), store.account(user).await);
    let sessions = export.sessions.iter().map(|listed| &listed.session);
    let sessions: Vec<_> = sessions
        .map(|session| (session.id, session.ended_at))
        .collect();
    let ended = Some(at(20));
    assert_eq!(
        sessions,
        [(second.session.id, ended), (own.session.id, ended)]
    );
    assert_eq!(export.audit, [audit]);
    assert_eq!(export.merge_candidates, [other.user.id]);
    let others = store.export(other.user.id).await;
    assert_eq!(others.merge_candidates, [user]);
}
