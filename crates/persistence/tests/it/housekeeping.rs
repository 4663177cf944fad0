//! Forgetting what nobody asks for, and what must not be read in a dump.

use domain::account::Page;
use domain::id::SessionId;
use domain::ports::{
    SessionLifecycle, SessionRepository, SigningAlgorithm, SigningKeyRepository, SigningSecret,
    StoredWechatToken, UserRepository, WechatTokenRepository,
};
use domain::secret::WechatToken;
use domain::testing::repository_contract::Guest;
use domain::time::{Duration, Timestamp, after, before, to_microseconds};
use futures_util::future::join_all;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::store::{Place, Store, account};

async fn stores() -> [Store; 2] {
    [crate::store::sqlite().await, crate::store::postgres().await]
}

const ALL: Page<SessionId> = Page {
    after: None,
    limit: 10_000,
};

#[tokio::test]
async fn sessions_that_have_long_been_dead_are_forgotten_and_no_others() {
    for store in stores().await {
        let (users, lifecycle) = (store.database.users(), store.database.lifecycle());
        let guest = Guest::new("wx01", "o1");
        let start = before(now(), Duration::from_hours(1));
        let seconds = |seconds| after(start, Duration::from_secs(seconds));
        let mut sessions = Vec::new();
        for expires_at in [1000, 2000] {
            let visits = (0..1250).map(|_| {
                let mut visit = guest.visit(0);
                visit.at = start;
                visit.session.id = SessionId::new(id_at(start));
                visit.session.expires_at = seconds(expires_at);
                users.record_visit(visit)
            });
            let accounts = join_all(visits).await.into_iter().map(account);
            sessions.extend(accounts.map(|account| account.session));
        }
        let (user, ended) = (sessions[2000].user_id, sessions[2000].id);
        assert!(lifecycle.end(user, ended, seconds(500)).await.unwrap());

        // Both databases have this machine's clock.
        let forget_before = |second| {
            let kept = now().duration_since(seconds(second)).unsigned_abs();
            store.database.forget_dead_sessions(kept)
        };
        assert_eq!(forget_before(400).await.unwrap(), 0);
        assert_eq!(forget_before(600).await.unwrap(), 1);
        assert_eq!(forget_before(900).await.unwrap(), 0);
        assert_eq!(forget_before(1100).await.unwrap(), 1250);
        let left = lifecycle.list(user, seconds(1100), ALL).await.unwrap();
        assert_eq!(left.len(), 1249);
        let found = store.database.sessions().find(sessions[0].id).await;
        assert_eq!(found.unwrap(), None);
        assert_eq!(forget_before(2100).await.unwrap(), 1249);
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "it is compared with the database's clock"
)]
fn now() -> Timestamp {
    to_microseconds(Timestamp::now())
}

/// An id that was made at an instant.
fn id_at(at: Timestamp) -> Uuid {
    let seconds = at.as_second().unsigned_abs();
    Uuid::new_v7(uuid::Timestamp::from_unix(uuid::NoContext, seconds, 0))
}

/// Everything in the tables of secrets, or in all files.
fn dump(place: &Place) -> Vec<u8> {
    match place {
        Place::Sqlite(folder) => std::fs::read_dir(folder.path())
            .unwrap()
            .flat_map(|file| std::fs::read(file.unwrap().path()).unwrap())
            .collect(),
        Place::Postgres(_) => place
            .texts(
                "SELECT encode(seed, 'escape') || id::text AS t FROM signing_keys \
                 UNION ALL SELECT encode(token, 'escape') || key FROM wechat_tokens",
            )
            .concat()
            .into_bytes(),
    }
}

#[tokio::test]
async fn the_database_holds_no_signing_key_and_no_access_token_that_can_be_read() {
    const SEED: [u8; 32] = *b"a seed that is text to be found!";
    const TOKEN: &str = "76_access_token_of_wechat";
    for store in stores().await {
        let key = SigningSecret {
            id: Uuid::now_v7(),
            algorithm: SigningAlgorithm::Es256,
            seed: Zeroizing::new(SEED),
            private_key: Zeroizing::new(SEED.to_vec()),
        };
        let keys = store.database.signing_keys();
        keys.store_first(key).await.unwrap();
        let token = StoredWechatToken {
            token: WechatToken::new(TOKEN),
            expires_at: Timestamp::UNIX_EPOCH,
        };
        let tokens = store.database.wechat_tokens();
        tokens.save("wx01 stable", &token).await.unwrap();

        let dump = dump(&store.place);
        let holds = |text: &[u8]| dump.windows(text.len()).any(|window| window == text);
        assert!(holds(b"wx01 stable"), "this is no dump");
        assert!(!holds(&SEED[..12]) && !holds(&TOKEN.as_bytes()[..12]));
    }
}

#[tokio::test]
async fn a_secret_that_was_moved_to_another_name_does_not_open() {
    for store in stores().await {
        let tokens = store.database.wechat_tokens();
        for name in ["wx01", "wx02"] {
            let token = StoredWechatToken {
                token: WechatToken::new(name),
                expires_at: Timestamp::UNIX_EPOCH,
            };
            tokens.save(name, &token).await.unwrap();
        }
        store.place.execute(
            "UPDATE wechat_tokens SET token = \
             (SELECT token FROM wechat_tokens WHERE key = 'wx01') WHERE key = 'wx02'",
        );
        assert!(tokens.load("wx01").await.is_ok());
        assert!(tokens.load("wx02").await.unwrap().is_none());
    }
}
