//! Access tokens: kept, shared, renewed, replaced.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use domain::id::OpenId;
use domain::ports::{Clock as _, RepositoryError, StoredWechatToken, WechatTokenRepository};
use domain::secret::{PhoneCode, WechatToken};
use domain::testing::FixedClock;
use domain::time::after;
use rstest::rstest;
use url::Url;
use wxclient::AppClient;
use wxclient::catalogue::{Actor, WechatFailure};
use wxclient::token::SharedTokens;

use crate::server::{Act, Server};
use crate::wechat::{SECRET, app, app_client, client, json, token};

const PHONE: &str = r#"{"errcode":0,"phone_info":{"phoneNumber":"13580006666","purePhoneNumber":"13580006666","countryCode":"86","watermark":{"timestamp":1637744274,"appid":"wx0123456789abcdef"}}}"#;

/// The paths asked for, with the token where there is one.
fn asked(server: &Server) -> Vec<String> {
    let seen = server.seen();
    seen.iter()
        .map(|seen| {
            let url = seen.head.split(' ').nth(1).unwrap_or_default();
            url.split('&').next().unwrap_or_default().to_owned()
        })
        .collect()
}

async fn phone(app: &AppClient) -> Result<String, wxclient::WechatError> {
    let code = PhoneCode::new("c0de");
    let grant = app.phone_number(&code, &OpenId::new("o1")).await?;
    Ok(grant.pure_phone_number)
}

#[tokio::test]
async fn a_token_is_fetched_once_for_all_calls() {
    let server = Server::start([token("T1", 7200)]).await;
    let app = app_client(&server.url);
    let (one, two) = tokio::join!(app.access_token(), app.access_token());
    let three = app.clone().access_token().await;
    for got in [one, two, three] {
        assert_eq!(got.unwrap().token.expose(), "T1");
    }
    assert_eq!(asked(&server), ["/cgi-bin/stable_token"]);
}

#[tokio::test]
async fn the_stable_token_is_asked_for_as_json_of_known_length() {
    let server = Server::start([token("T1", 7200)]).await;
    app_client(&server.url).access_token().await.unwrap();
    let seen = &server.seen()[0];
    let body: serde_json::Value = serde_json::from_str(&seen.body).unwrap();
    assert_eq!(
        body,
        serde_json::json!({
            "grant_type": "client_credential",
            "appid": "wx0123456789abcdef",
            "secret": SECRET,
            "force_refresh": false,
        })
    );
    let head = seen.head.to_lowercase();
    assert!(
        head.starts_with("post /cgi-bin/stable_token http/1.1"),
        "{head}"
    );
    assert!(
        head.contains(&format!("content-length: {}", seen.body.len())),
        "{head}"
    );
    assert!(!head.contains("transfer-encoding"), "{head}");
}

#[tokio::test]
async fn a_plain_token_is_asked_for_where_that_is_chosen() {
    let server = Server::start([token("T1", 7200)]).await;
    let app = AppClient::with_plain_tokens(client(&server.url).build().unwrap(), app());
    app.access_token().await.unwrap();
    let head = &server.seen()[0].head;
    assert!(
        head.starts_with(
            "GET /cgi-bin/token?grant_type=client_credential&appid=wx0123456789abcdef&secret="
        ),
        "{head}"
    );
}

#[tokio::test]
async fn a_token_that_leaked_is_replaced_by_force() {
    let server = Server::start([token("T2", 7200)]).await;
    let client = client(&server.url).build().unwrap();
    let fetched = client.force_stable_token(&app()).await.unwrap();
    assert_eq!(fetched.token.expose(), "T2");
    assert_eq!(fetched.expires_in, Duration::from_hours(2));
    assert!(server.seen()[0].body.contains(r#""force_refresh":true"#));
}

#[rstest]
#[case(40001)]
#[case(40014)]
#[case(42001)]
#[tokio::test]
async fn a_refused_token_is_replaced_and_the_call_made_once_more(#[case] errcode: i64) {
    let refused = json(&format!(r#"{{"errcode":{errcode}}}"#));
    let server = Server::start([token("T1", 7200), refused, token("T2", 7200), json(PHONE)]).await;
    let app = app_client(&server.url);
    assert_eq!(phone(&app).await.unwrap(), "13580006666");
    assert_eq!(
        asked(&server),
        [
            "/cgi-bin/stable_token",
            "/wxa/business/getuserphonenumber?access_token=T1",
            "/cgi-bin/stable_token",
            "/wxa/business/getuserphonenumber?access_token=T2",
        ]
    );
}

#[tokio::test]
async fn a_token_that_is_refused_again_is_not_replaced_again() {
    let refused = || json(r#"{"errcode":40001,"errmsg":"invalid credential"}"#);
    let server = Server::start([token("T1", 7200), refused(), token("T1", 7200), refused()]).await;
    let error = phone(&app_client(&server.url)).await.unwrap_err();
    assert_eq!(error.errcode(), Some(40001));
    assert_eq!(error.failure(), WechatFailure::BadAnswer);
    assert_eq!(server.seen().len(), 4);
}

#[tokio::test]
async fn a_wrong_secret_shows_as_the_token_apis_error_and_calls_the_operator() {
    for errcode in [40001, 40125, 40164, 40013] {
        let server = Server::start([json(&format!(r#"{{"errcode":{errcode}}}"#))]).await;
        let error = phone(&app_client(&server.url)).await.unwrap_err();
        assert_eq!(error.api, wxclient::Api::StableToken);
        assert_eq!(error.failure(), WechatFailure::Misconfigured, "{errcode}");
        assert_eq!(error.verdict().actor, Actor::Operator, "{errcode}");
        assert_eq!(server.seen().len(), 1, "{errcode}");
    }
}

#[tokio::test]
async fn a_token_call_is_repeated_after_faults_of_the_network() {
    let server = Server::start([Act::Close, Act::Reset, token("T1", 7200)]).await;
    let app = app_client(&server.url);
    assert_eq!(app.access_token().await.unwrap().token.expose(), "T1");
}

#[tokio::test]
async fn a_token_call_that_hangs_is_made_again_in_time() {
    let server = Server::start([Act::Hang(String::new()), token("T1", 7200)]).await;
    let app = app_client(&server.url);
    assert_eq!(app.access_token().await.unwrap().token.expose(), "T1");
}

#[rstest]
#[case::no_token(r#"{"expires_in":7200}"#)]
#[case::empty_token(r#"{"access_token":"","expires_in":7200}"#)]
#[case::no_lifetime(r#"{"access_token":"T1"}"#)]
#[case::negative_lifetime(r#"{"access_token":"T1","expires_in":-1}"#)]
#[tokio::test]
async fn a_token_without_its_fields_is_a_bad_answer(#[case] body: &str) {
    let server = Server::start([json(body)]).await;
    let error = app_client(&server.url).access_token().await.unwrap_err();
    assert_eq!(error.failure(), WechatFailure::BadAnswer);
}

/// Where replicas share a token; with `true` it is away.
#[derive(Default)]
struct Repository(bool, Mutex<HashMap<String, StoredWechatToken>>);

#[async_trait]
impl WechatTokenRepository for Repository {
    async fn load(&self, key: &str) -> Result<Option<StoredWechatToken>, RepositoryError> {
        if self.0 {
            return Err(RepositoryError::Unavailable("away".into()));
        }
        Ok(self.1.lock().unwrap().get(key).cloned())
    }

    async fn save(&self, key: &str, token: &StoredWechatToken) -> Result<(), RepositoryError> {
        if self.0 {
            return Err(RepositoryError::Unavailable("away".into()));
        }
        self.1.lock().unwrap().insert(key.to_owned(), token.clone());
        Ok(())
    }
}

fn replica(url: &Url, shared: &Arc<Repository>, clock: &Arc<FixedClock>) -> AppClient {
    app_client(url).sharing(SharedTokens {
        repository: Arc::clone(shared) as _,
        clock: Arc::clone(clock) as _,
    })
}

#[tokio::test]
async fn replicas_share_a_token_until_five_minutes_before_its_end() {
    let server = Server::start([token("T1", 7200), token("T2", 7200)]).await;
    let shared = Arc::new(Repository::default());
    let clock = Arc::new(FixedClock::default());
    for _ in 0..3 {
        let replica = replica(&server.url, &shared, &clock);
        let got = replica.access_token().await.unwrap();
        assert_eq!(got.token.expose(), "T1");
        assert_eq!(got.expires_in.as_secs().div_ceil(60), 120);
    }
    clock.advance(Duration::from_mins(115));
    let replica = replica(&server.url, &shared, &clock);
    assert_eq!(replica.access_token().await.unwrap().token.expose(), "T2");
    assert_eq!(server.seen().len(), 2);
}

#[tokio::test]
async fn a_refused_token_is_looked_for_in_the_repository_before_it_is_fetched() {
    let refused = json(r#"{"errcode":40001}"#);
    let server = Server::start([token("T1", 7200), refused, json(PHONE)]).await;
    let shared = Arc::new(Repository::default());
    let clock = Arc::new(FixedClock::default());
    let replica = replica(&server.url, &shared, &clock);
    replica.access_token().await.unwrap();
    // Another replica has a newer one.
    let newer = StoredWechatToken {
        token: WechatToken::new("T2"),
        expires_at: after(clock.now(), Duration::from_hours(2)),
    };
    let key = "wx0123456789abcdef/stable";
    assert!(shared.load(key).await.unwrap().is_some());
    shared.save(key, &newer).await.unwrap();
    phone(&replica).await.unwrap();
    assert_eq!(
        asked(&server),
        [
            "/cgi-bin/stable_token",
            "/wxa/business/getuserphonenumber?access_token=T1",
            "/wxa/business/getuserphonenumber?access_token=T2",
        ]
    );
}

#[tokio::test]
async fn without_the_repository_the_client_goes_on() {
    let server = Server::start([token("T1", 7200)]).await;
    let away = Arc::new(Repository(true, Mutex::default()));
    let app = replica(&server.url, &away, &Arc::new(FixedClock::default()));
    for _ in 0..2 {
        assert_eq!(app.access_token().await.unwrap().token.expose(), "T1");
    }
    assert_eq!(server.seen().len(), 1);
}
