//! A token that is fetched once, kept, renewed and refused.

use std::cell::Cell;
use std::collections::VecDeque;

use async_trait::async_trait;
use domain::id::AppId;
use domain::testing::{FixedClock, InMemoryStore};
use rstest::rstest;
use tokio::time::advance;

use super::*;
use crate::api::Api;
use crate::client::ClientOptions;
use crate::error::Refusal;
use crate::token::TokenKind;

/// Gives these tokens, each for so many seconds and after a second; then none.
struct Script(Mutex<VecDeque<(&'static str, u64)>>);

#[async_trait]
impl TokenSource for Script {
    fn key(&self) -> TokenKey {
        TokenKey {
            owner: AppId::new("wx01"),
            kind: TokenKind::Stable,
        }
    }

    async fn fetch(&self) -> Result<FetchedToken, WechatError> {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let next = self.0.lock().pop_front();
        let (token, seconds) = next.ok_or_else(|| {
            WechatError::new(Api::StableToken, Fault::Refused(Refusal::new(45009, "")))
        })?;
        Ok(FetchedToken {
            token: WechatToken::new(token),
            expires_in: Duration::from_secs(seconds),
        })
    }
}

fn cache(tokens: impl IntoIterator<Item = (&'static str, u64)>) -> TokenClient {
    let script = Script(Mutex::new(tokens.into_iter().collect()));
    let client = ClientOptions::default().build().unwrap();
    TokenClient::new(client, Arc::new(script))
}

fn deadline() -> Instant {
    Instant::now() + Duration::from_secs(5)
}

fn text(token: Result<FetchedToken, WechatError>) -> String {
    token.unwrap().token.expose().to_owned()
}

async fn token(cache: &TokenClient) -> String {
    text(cache.token(deadline()).await)
}

#[tokio::test(start_paused = true)]
async fn those_who_wait_share_one_fetch() {
    let cache = cache([("T1", 7200)]);
    let got = tokio::join!(token(&cache), token(&cache), token(&cache));
    assert_eq!(got, ("T1".into(), "T1".into(), "T1".into()));
}

#[rstest]
#[case::five_minutes_ahead(7200, 6900)]
#[case::one_of_five_minutes_after_a_second(300, 1)]
#[tokio::test(start_paused = true)]
async fn a_token_is_renewed_ahead_of_its_end(#[case] seconds: u64, #[case] good_for: u64) {
    let cache = cache([("T1", seconds), ("T2", 7200)]);
    assert_eq!(token(&cache).await, "T1");
    advance(Duration::from_millis(good_for * 1000 - 1)).await;
    assert_eq!(token(&cache).await, "T1");
    advance(Duration::from_millis(1)).await;
    assert_eq!(token(&cache).await, "T2");
}

#[tokio::test(start_paused = true)]
async fn while_one_renews_it_the_others_use_the_old_one() {
    let cache = cache([("T1", 7200), ("T2", 7200)]);
    token(&cache).await;
    advance(Duration::from_secs(7000)).await;
    let got = tokio::join!(token(&cache), token(&cache));
    assert_eq!(got, ("T2".into(), "T1".into()));
}

thread_local! {
    static SUSPENDED: Cell<Duration> = const { Cell::new(Duration::ZERO) };
}

/// By which clock time passes.
#[derive(PartialEq)]
enum By {
    Running,
    Suspension,
    Wall,
}

#[rstest]
#[tokio::test(start_paused = true)]
async fn the_old_token_serves_to_its_end_while_no_new_one_can_be_had(
    #[values(By::Running, By::Suspension, By::Wall)] by: By,
) {
    let (clock, mut cache) = (Arc::new(FixedClock::default()), cache([("T1", 7200)]));
    cache.suspended = || SUSPENDED.get();
    cache.shared = (by == By::Wall).then(|| SharedTokens {
        repository: Arc::new(InMemoryStore::default()),
        clock: clock.clone(),
    });
    let pass = async |seconds| {
        let span = Duration::from_secs(seconds);
        match by {
            By::Running => advance(span).await,
            By::Suspension => SUSPENDED.set(SUSPENDED.get() + span),
            By::Wall => clock.advance(span),
        }
    };
    token(&cache).await;
    pass(7000).await;
    let old = cache.token(deadline()).await.unwrap();
    assert_eq!(old.token.expose(), "T1");
    assert!(old.expires_in <= Duration::from_secs(200), "{old:?}");
    pass(200).await;
    let error = cache.token(deadline()).await.unwrap_err();
    assert_eq!(error.errcode(), Some(45009));
}

#[tokio::test(start_paused = true)]
async fn those_whose_token_was_refused_share_one_fetch() {
    let cache = cache([("T1", 7200), ("T2", 7200)]);
    token(&cache).await;
    let refused = WechatToken::new("T1");
    let instead = async || text(cache.instead_of(Some(&refused), deadline()).await);
    let got = tokio::join!(instead(), instead());
    assert_eq!(got, ("T2".into(), "T2".into()));
}

#[tokio::test(start_paused = true)]
async fn a_report_of_the_newest_token_fetches_another_and_at_most_every_ten_seconds() {
    let cache = cache([("T1", 7200), ("T2", 7200), ("T3", 7200)]);
    token(&cache).await;
    let report = async |token: &str| text(cache.reported(&WechatToken::new(token)).await);
    for (pause, refused, expected) in [
        (0, "an older one", "T1"),
        (0, "T1", "T2"),
        (0, "T1", "T2"),
        (8, "T2", "T2"),
        (1, "T2", "T3"),
    ] {
        advance(Duration::from_secs(pause)).await;
        assert_eq!(report(refused).await, expected, "{refused}");
    }
    assert_eq!(token(&cache).await, "T3");
}

#[tokio::test(start_paused = true)]
async fn a_report_to_one_replica_is_one_to_all() {
    let clock = Arc::new(FixedClock::default());
    let shared = SharedTokens {
        repository: Arc::new(InMemoryStore::default()),
        clock: clock.clone(),
    };
    let one = cache([("T1", 7200), ("T2", 7200)]).sharing(shared.clone());
    let other = cache([("T3", 7200)]).sharing(shared);
    assert_eq!(token(&one).await, "T1");
    let report = async |to: &TokenClient, token| text(to.reported(&WechatToken::new(token)).await);
    assert_eq!(report(&one, "T1").await, "T2");
    assert_eq!(report(&other, "T2").await, "T2");
    clock.advance(BETWEEN_REPORTS + Duration::from_secs(1));
    assert_eq!(report(&other, "T2").await, "T3");
}

#[tokio::test(start_paused = true)]
async fn a_fetch_beyond_the_deadline_is_a_timeout() {
    let cache = cache([("T1", 7200)]);
    let error = cache.token(Instant::now() + Duration::from_millis(500));
    let error = error.await.unwrap_err();
    assert!(matches!(error.fault, Fault::Timeout), "{error}");
}
