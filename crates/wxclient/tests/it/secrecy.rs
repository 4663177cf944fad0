//! No error shows a secret, in no form, at no API and over no fault.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use domain::id::{AppId, OpenId};
use domain::secret::{LoginCode, PhoneCode, SessionKey};
use secrecy::SecretString;
use tokio::task::JoinSet;
use url::Url;
use wxclient::app_client::{PaidOrder, Resource};
use wxclient::component::{Component, ComponentClient, TicketSource};
use wxclient::{Api, AppClient, AppSecret, WechatError};

use crate::server::{Act, Server, answer, ok};
use crate::wechat::{CODE, SECRET, SESSION_KEY, app, client, exchange, json};

const TOKEN: &str = "70_t0kent0kent0ken";
const TICKET: &str = "ticket@@@t1ckett1cket";

/// Everything an error can show: text, debug form, and those of its whole chain.
fn everything(error: &dyn Error) -> String {
    let links = std::iter::successors(Some(error), |&error| error.source());
    let shown: Vec<_> = links
        .map(|error| format!("{error} {error:?} {error:#?}"))
        .collect();
    shown.join("\n")
}

/// What a network, a gateway and a leaky WeChat can do.
fn acts() -> Vec<Act> {
    let leak = format!("secret={SECRET} {CODE} {SESSION_KEY} {TOKEN} {TICKET} 10.9.8.7");
    let fields = format!(r#""session_key":"{SESSION_KEY}","openid":"{CODE}","x":"{leak}""#);
    let refused = |code: i64| {
        let rid = "652d44d0-6f2b9a51-3c1e7d42";
        json(&format!(
            r#"{{"errcode":{code},"errmsg":"{leak}, rid: {rid}",{fields}}}"#
        ))
    };
    let head = "HTTP/1.1 200 OK\r\ncontent-length: 999\r\n\r\n";
    vec![
        refused(-1),
        refused(1),
        refused(40001),
        refused(40029),
        refused(40125),
        refused(40164),
        refused(45011),
        refused(87009),
        refused(99999),
        Act::Close,
        Act::Reset,
        Act::Hang(String::new()),
        Act::Trickle,
        Act::Partial(format!("{head}{{{fields}")),
        Act::Partial(format!("{leak}\r\n\r\n")),
        Act::Answer(answer("502 Bad Gateway", "content-type: text/html", &leak)),
        Act::Answer(answer("302 Found", &format!("location: /?{leak}"), "")),
        Act::Answer(answer("200 OK", "content-encoding: gzip", &leak)),
        Act::Answer(answer("200 OK", &format!("bad header {leak}"), &leak)),
        json(&leak),
        json(&format!(r#"{{"errcode":"{leak}"}}"#)),
        json(&format!(
            r#"{{"session_key":["{leak}"],"openid":"{leak}","phone_info":"{leak}","access_token":["{leak}"],"unionid":{{"{leak}":1}},"openpid":["{leak}"],"key_info_list":"{leak}","vaild":"{leak}","component_access_token":["{leak}"]}}"#
        )),
        json(&format!(r#"{{"session_key":"{SESSION_KEY}"}}"#)),
        json(&" ".repeat(70_000)),
    ]
}

struct Ticket;

#[async_trait]
impl TicketSource for Ticket {
    async fn ticket(&self) -> Option<SecretString> {
        Some(TICKET.into())
    }
}

/// The errors of every call there is, at this WeChat.
async fn errors(wechat: &Url) -> Vec<WechatError> {
    let mut client = client(wechat);
    client.policy.timeout = Duration::from_millis(300);
    let client = client.build().unwrap();
    let app_client = AppClient::new(client.clone(), app());
    let component = ComponentClient::new(
        client.clone(),
        Component {
            app_id: AppId::new("wxcomponent"),
            secret: AppSecret::new(SECRET),
        },
        Arc::new(Ticket),
    );
    let (code, open_id) = (LoginCode::new(CODE), OpenId::new("o1"));
    let (phone_code, key) = (PhoneCode::new(CODE), SessionKey::new(SESSION_KEY));
    let order = PaidOrder::Transaction("1".to_owned());
    [
        client.code2session(&app(), &code).await.err(),
        client.stable_token(&app()).await.err(),
        client.plain_token(&app()).await.err(),
        app_client.phone_number(&phone_code, &open_id).await.err(),
        app_client.check_session(&open_id, &key).await.err(),
        app_client.reset_session(&open_id, &key).await.err(),
        app_client.check_encrypted_message(CODE).await.err(),
        app_client.paid_union_id(&open_id, &order).await.err(),
        app_client.plugin_open_pid(CODE).await.err(),
        app_client.user_encrypt_keys(&open_id, &key).await.err(),
        app_client.left_of(Resource::QuickPhoneNumber).await.err(),
        component.code2session(&app().app_id, &code).await.err(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

#[tokio::test]
async fn no_error_shows_a_secret() {
    let good = json(&format!(
        r#"{{"access_token":"{TOKEN}","expires_in":7200}}"#
    ));
    let mut tasks = JoinSet::new();
    for act in acts() {
        // The three calls that need no token, the token, and what it is for.
        let without = std::iter::repeat_n(act.clone(), 3);
        let script: Vec<_> = without.chain([good.clone(), act.clone()]).collect();
        for script in [script, vec![act]] {
            tasks.spawn(async move { errors(&Server::start(script).await.url).await });
        }
    }
    for nowhere in [
        "http://wechat.invalid",
        "http://127.0.0.1:1",
        "https://127.0.0.1:1",
    ] {
        tasks.spawn(async move { errors(&Url::parse(nowhere).unwrap()).await });
    }
    let errors: Vec<_> = tasks.join_all().await.into_iter().flatten().collect();
    assert!(errors.len() > 400, "{}", errors.len());
    for api in Api::ALL {
        // These come after a token of the platform, which no act gives.
        let is_behind = matches!(api, Api::ComponentCode2Session | Api::AuthorizerToken);
        let has_failed = errors.iter().any(|error| error.api == api);
        assert_eq!(has_failed, !is_behind, "{}", api.path());
    }
    for error in errors {
        let shown = everything(&error);
        for secret in [
            SECRET,
            CODE,
            SESSION_KEY,
            TOKEN,
            TICKET,
            "secret=",
            "token=",
            "10.9.8.7",
        ] {
            assert!(!shown.contains(secret), "{secret} in {shown}");
        }
        assert!(
            shown.starts_with(&format!("{}: ", error.api.path())),
            "{shown}"
        );
    }
}

#[tokio::test]
async fn the_log_line_says_who_must_do_what() {
    let body = r#"{"errcode":40164,"errmsg":"invalid ip 1.2.3.4 ipv6 ::ffff:1.2.3.4, not in whitelist, rid: 652d44d0-6f2b9a51-3c1e7d42"}"#;
    let server = Server::start([Act::Answer(ok(body))]).await;
    let error = exchange(client(&server.url).build().unwrap()).await;
    assert_eq!(
        error.unwrap_err().source().unwrap().to_string(),
        "/sns/jscode2session: errcode 40164 (the caller's IP is not in the app's whitelist), \
         seen from 1.2.3.4, rid 652d44d0-6f2b9a51-3c1e7d42; operator: add this service's public \
         address to the IP whitelist in the console (开发管理); it has at most ten entries, each an \
         address, a.b.c.* or a /24 network"
    );
}
