//! Each column holds what its name says, whatever wrote it: columns of one type are not swapped.

use domain::account::Page;
use domain::audit::AuditAction;
use domain::id::UserId;
use domain::ports::{
    AccountRepository, MergeRepository, SessionLifecycle, SessionRepository, TokenUse,
    UserRepository,
};
use domain::profile::{Edit, Gender, Profile, ProfileEdit, ProfileReport};
use domain::session::Generation;
use domain::testing::repository_contract::{Guest, entry};
use domain::time::Duration;
use domain::visit::Visit;
use rstest::rstest;

use crate::store::{Store, account, postgres, sqlite};

/// A profile in which each text is the column's name and `n`.
fn profile(n: u32) -> Profile {
    let text = |column: &str| Some(format!("{column} {n}"));
    Profile {
        nick_name: text("nick_name"),
        avatar_url: text("avatar_url"),
        gender: Gender::from_number(i64::from(n % 2 + 1)),
        language: text("language"),
        country: text("country"),
        province: text("province"),
        city: text("city"),
    }
}

fn telling(mut visit: Visit, n: u32) -> Visit {
    visit.reports = vec![ProfileReport {
        profile: profile(n),
        is_anonymous: false,
    }];
    visit
}

/// Checks the columns by their names in SQL, and every way to read them.
async fn assert_profile(store: &Store, user: UserId, n: u32) {
    let columns = ["nick_name", "avatar_url", "language", "country", "province"];
    for column in columns.into_iter().chain(["city"]) {
        let sql = format!("SELECT {column} AS t FROM users WHERE {column} IS NOT NULL");
        assert_eq!(store.place.texts(&sql), [format!("{column} {n}")]);
    }
    let accounts = store.database.accounts();
    let exported = accounts.export(user).await.unwrap().unwrap();
    assert_eq!(exported.account.user.profile, profile(n));
    let session = exported.sessions[0].session.id;
    let found = store.database.sessions().find(session).await.unwrap();
    assert_eq!(found.unwrap().user, exported.account.user);
}

#[rstest]
#[tokio::test]
async fn every_field_of_a_profile_is_in_its_column(#[values(false, true)] on_postgres: bool) {
    let store = if on_postgres {
        postgres().await
    } else {
        sqlite().await
    };
    let (users, accounts) = (store.database.users(), store.database.accounts());
    let guest = Guest::new("wx01", "o1").in_account("main");
    let user = account(users.record_visit(telling(guest.visit(0), 1)).await);
    let user = user.user.id;
    assert_profile(&store, user, 1).await;

    let known = account(users.record_visit(telling(guest.visit(1), 2)).await);
    assert_eq!(known.user.profile, profile(2));
    assert_profile(&store, user, 2).await;

    let third = profile(3);
    let edit = ProfileEdit {
        nick_name: third.nick_name.map_or(Edit::Clear, Edit::Set),
        avatar_url: third.avatar_url.map_or(Edit::Clear, Edit::Set),
        gender: third.gender.map_or(Edit::Clear, Edit::Set),
        language: third.language.map_or(Edit::Clear, Edit::Set),
        country: third.country.map_or(Edit::Clear, Edit::Set),
        province: third.province.map_or(Edit::Clear, Edit::Set),
        city: third.city.map_or(Edit::Clear, Edit::Set),
    };
    accounts.edit_profile(user, edit).await.unwrap().unwrap();
    accounts.set_phone(user, "phone").await.unwrap().unwrap();
    assert_profile(&store, user, 3).await;

    // A merge gives all of it to a user who has nothing.
    let stays = Guest::new("wx02", "o2").in_account("main");
    let stays = account(users.record_visit(stays.with_union_id("u1").visit(2)).await);
    account(users.record_visit(guest.with_union_id("u1").visit(3)).await);
    let page = Page {
        after: None,
        limit: 1,
    };
    let merges = store.database.merges();
    let candidate = merges.open_candidates(page).await.unwrap().remove(0);
    let audit = entry(AuditAction::ApplyMerge, None);
    merges.apply(candidate.id, audit).await.unwrap();
    assert_profile(&store, stays.user.id, 3).await;
    let phones = store.place.texts("SELECT phone AS t FROM users");
    assert_eq!(phones, ["phone"]);
}

#[rstest]
#[tokio::test]
async fn names_and_times_of_a_login_are_in_their_columns(#[values(false, true)] on_postgres: bool) {
    let store = if on_postgres {
        postgres().await
    } else {
        sqlite().await
    };
    let users = store.database.users();
    let guest = Guest::new("app", "openid").in_account("platform");
    let first = account(users.record_visit(guest.visit(0)).await);
    let guest = guest.with_union_id("unionid");
    // A new identity too comes with all of it.
    let elsewhere = Guest::new("app2", "openid2").in_account("platform");
    for guest in [guest.clone(), elsewhere.with_union_id("unionid")] {
        let seen = account(users.record_visit(guest.visit(60)).await);
        assert_eq!(seen.user.id, first.user.id);
    }
    let names = "SELECT app_id || ' ' || open_id || ' ' || union_id || ' ' || open_platform AS t \
        FROM identities ORDER BY app_id";
    let expected = [
        "app openid unionid platform",
        "app2 openid2 unionid platform",
    ];
    assert_eq!(store.place.texts(names), expected);
    let owners = "SELECT union_id || ' ' || open_platform AS t FROM union_ids";
    assert_eq!(store.place.texts(owners), ["unionid platform"]);
    let sessions = "SELECT app_id || ' ' || open_id AS t FROM sessions ORDER BY id";
    let expected = ["app openid", "app openid", "app2 openid2"];
    assert_eq!(store.place.texts(sessions), expected);

    let found = store.database.accounts().find(first.user.id).await;
    let found = found.unwrap().unwrap();
    let times = found.identities.iter().map(|identity| {
        let (created, last) = (identity.created_at, identity.last_login_at);
        (created == first.user.created_at, created < last)
    });
    assert_eq!(times.collect::<Vec<_>>(), [(true, true), (false, false)]);
    assert!(found.user.last_login_at > found.user.created_at);

    let used_at = guest.visit(120).at;
    let expires_at = guest.visit(180).at;
    let refreshed = TokenUse::Refresh {
        expires_at,
        grace: Duration::from_secs(0),
    };
    let lifecycle = store.database.lifecycle();
    let generation = Generation::FIRST.next();
    lifecycle
        .use_generation(first.session.id, generation, used_at, refreshed)
        .await
        .unwrap();
    let session = store.database.sessions().find(first.session.id).await;
    let session = session.unwrap().unwrap().session;
    assert_eq!(session.created_at, first.session.created_at);
    assert_eq!(session.last_used_at, used_at);
    assert_eq!(session.expires_at, expires_at);
}
