//! Access tokens: kept, shared, renewed, replaced.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use domain::id::OpenId;
use rstest::rstest;
use url::Url;
use wxclient::AppClient;
use wxclient::catalogue::{Actor, Answer};
use wxclient::token::{
    InMemoryTokenStore, StoredToken, TokenKey, TokenStore, TokenStoreError, WechatToken,
};

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
    let number = app.phone_number("c0de", &OpenId::new("o1")).await?;
    Ok(number.e164())
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
    let store = Arc::new(InMemoryTokenStore::default());
    let app = AppClient::with_plain_tokens(client(&server.url).build().unwrap(), app(), store);
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
    assert_eq!(phone(&app).await.unwrap(), "+8613580006666");
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
    assert_eq!(error.answer(), Answer::BadAnswer);
    assert_eq!(server.seen().len(), 4);
}

#[tokio::test]
async fn a_wrong_secret_shows_as_the_token_apis_error_and_calls_the_operator() {
    for errcode in [40001, 40125, 40164, 40013] {
        let server = Server::start([json(&format!(r#"{{"errcode":{errcode}}}"#))]).await;
        let error = phone(&app_client(&server.url)).await.unwrap_err();
        assert_eq!(error.api(), wxclient::Api::StableToken);
        assert_eq!(error.answer(), Answer::Misconfigured, "{errcode}");
        assert_eq!(error.actor(), Actor::Operator, "{errcode}");
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
    assert_eq!(error.answer(), Answer::BadAnswer);
}

fn replica(url: &Url, store: &Arc<InMemoryTokenStore>) -> AppClient {
    AppClient::sharing(client(url).build().unwrap(), app(), Arc::clone(store) as _)
}

#[tokio::test]
async fn replicas_share_a_token_through_the_store() {
    let server = Server::start([token("T1", 7200)]).await;
    let store = Arc::new(InMemoryTokenStore::default());
    for _ in 0..3 {
        let replica = replica(&server.url, &store);
        assert_eq!(replica.access_token().await.unwrap().token.expose(), "T1");
    }
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn a_refused_token_is_looked_for_in_the_store_before_it_is_fetched() {
    let refused = json(r#"{"errcode":40001}"#);
    let server = Server::start([token("T1", 7200), refused, json(PHONE)]).await;
    let store = Arc::new(InMemoryTokenStore::default());
    let replica = replica(&server.url, &store);
    replica.access_token().await.unwrap();
    // Another replica has a newer one.
    let key = TokenKey {
        owner: app().app_id,
        kind: wxclient::token::TokenKind::Stable,
    };
    let newer = StoredToken {
        token: WechatToken::new("T2"),
        left: Duration::from_hours(2),
    };
    store.save(&key, &newer).await.unwrap();
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

/// A store that is away.
struct NoStore;

#[async_trait]
impl TokenStore for NoStore {
    async fn load(&self, _: &TokenKey) -> Result<Option<StoredToken>, TokenStoreError> {
        Err(TokenStoreError("away".into()))
    }

    async fn save(&self, _: &TokenKey, _: &StoredToken) -> Result<(), TokenStoreError> {
        Err(TokenStoreError("away".into()))
    }
}

#[tokio::test]
async fn without_its_store_the_client_goes_on() {
    let server = Server::start([token("T1", 7200)]).await;
    let client = client(&server.url).build().unwrap();
    let app = AppClient::sharing(client, app(), Arc::new(NoStore));
    for _ in 0..2 {
        assert_eq!(app.access_token().await.unwrap().token.expose(), "T1");
    }
    assert_eq!(server.seen().len(), 1);
}
