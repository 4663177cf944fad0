//! Third-party platforms.

use std::sync::Arc;

use async_trait::async_trait;
use domain::id::{AppId, OpenId};
use domain::ports::WechatSession;
use domain::secret::LoginCode;
use rstest::rstest;
use secrecy::{ExposeSecret as _, SecretString};
use wxclient::catalogue::WechatFailure;
use wxclient::component::{AuthorizerTokens, Component, ComponentClient, TicketSource};
use wxclient::{AppClient, AppSecret, Fault, WechatError};

use crate::server::Server;
use crate::wechat::{CODE, SECRET, SESSION, app, client, json};

struct Ticket(Option<&'static str>);

#[async_trait]
impl TicketSource for Ticket {
    async fn ticket(&self) -> Option<SecretString> {
        self.0.map(SecretString::from)
    }
}

fn component(server: &Server, ticket: Option<&'static str>) -> ComponentClient {
    let component = Component {
        app_id: AppId::new("wxcomponent"),
        secret: AppSecret::new(SECRET),
    };
    ComponentClient::new(
        client(&server.url).build().unwrap(),
        component,
        Arc::new(Ticket(ticket)),
    )
}

async fn log_in(component: &ComponentClient) -> Result<WechatSession, WechatError> {
    let code = LoginCode::new(CODE);
    component.code2session(&app().app_id, &code).await
}

const TOKEN: &str = r#"{"component_access_token":"C1","expires_in":7200}"#;

#[tokio::test]
async fn a_platform_logs_in_the_users_of_an_app_without_its_secret() {
    let server = Server::start([json(TOKEN), json(SESSION)]).await;
    let component = component(&server, Some("t1cket"));
    for _ in 0..2 {
        let session = log_in(&component).await.unwrap();
        assert_eq!(session.open_id.as_str(), "oGZUI0egBJY1zhBYw2KhdUfwVJJE");
    }
    let seen = server.seen();
    assert_eq!(seen.len(), 3, "one token for both logins");
    assert!(
        seen[0]
            .head
            .starts_with("POST /cgi-bin/component/api_component_token HTTP")
    );
    assert!(
        seen[0]
            .body
            .contains(r#""component_verify_ticket":"t1cket""#)
    );
    let expected = format!(
        "GET /sns/component/jscode2session?component_access_token=C1&appid=wx0123456789abcdef\
         &js_code={CODE}&grant_type=authorization_code&component_appid=wxcomponent HTTP"
    );
    assert!(seen[1].head.starts_with(&expected), "{seen:?}");
}

#[rstest]
#[case::code(40029, WechatFailure::CodeInvalid)]
#[case::not_authorised(61003, WechatFailure::Misconfigured)]
#[case::no_token(41021, WechatFailure::Misconfigured)]
#[tokio::test]
async fn a_platforms_login_that_is_refused_says_why(
    #[case] errcode: i64,
    #[case] failure: WechatFailure,
) {
    let refused = json(&format!(r#"{{"errcode":{errcode}}}"#));
    let server = Server::start([json(TOKEN), refused]).await;
    let component = component(&server, Some("t1cket"));
    let login = log_in(&component);
    assert_eq!(login.await.unwrap_err().failure(), failure);
    assert_eq!(server.seen().len(), 2);
}

#[tokio::test]
async fn an_expired_ticket_passes_with_the_next_one() {
    let server = Server::start([json(r#"{"errcode":61005}"#)]).await;
    let component = component(&server, Some("t1cket"));
    let login = log_in(&component);
    let error = login.await.unwrap_err();
    assert_eq!(error.failure(), WechatFailure::Unavailable);
    assert_eq!(error.retry_after().unwrap().as_secs(), 600);
}

#[tokio::test]
async fn without_a_ticket_nothing_is_sent() {
    let server = Server::start([json(TOKEN)]).await;
    let component = component(&server, None);
    let login = log_in(&component);
    let error = login.await.unwrap_err();
    assert!(matches!(error.fault, Fault::NotMade(_)), "{error}");
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn an_authorised_app_is_called_with_the_platforms_token_for_it() {
    let authorised =
        r#"{"authorizer_access_token":"A1","expires_in":7200,"authorizer_refresh_token":"r2"}"#;
    let server = Server::start([
        json(TOKEN),
        json(authorised),
        json(r#"{"errcode":0,"vaild":false}"#),
    ])
    .await;
    let app_id = app().app_id;
    let tokens = Arc::new(AuthorizerTokens::new(
        component(&server, Some("t1cket")),
        app_id.clone(),
        "r1".into(),
    ));
    let client = client(&server.url).build().unwrap();
    let app = AppClient::with_tokens(client, app_id, Arc::clone(&tokens) as _);
    assert!(app.check_encrypted_message("x").await.unwrap().is_none());
    let seen = server.seen();
    assert!(
        seen[1].head.starts_with(
            "POST /cgi-bin/component/api_authorizer_token?component_access_token=C1 HTTP"
        ),
        "{seen:?}"
    );
    assert!(
        seen[1].body.contains(r#""authorizer_refresh_token":"r1""#),
        "{seen:?}"
    );
    assert!(seen[2].head.contains("?access_token=A1 "), "{seen:?}");
    assert_eq!(tokens.refresh_token().expose_secret(), "r2");
}

#[tokio::test]
async fn a_refused_platform_token_is_replaced_once() {
    let refused = json(r#"{"errcode":42001}"#);
    let newer = json(r#"{"component_access_token":"C2","expires_in":7200}"#);
    let server = Server::start([json(TOKEN), refused, newer, json(SESSION)]).await;
    let component = component(&server, Some("t1cket"));
    let session = log_in(&component).await.unwrap();
    assert_eq!(session.open_id, OpenId::new("oGZUI0egBJY1zhBYw2KhdUfwVJJE"));
    assert!(server.seen()[3].head.contains("component_access_token=C2&"));
}
