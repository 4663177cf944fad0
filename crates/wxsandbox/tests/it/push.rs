//! Message push against a developer's server.

use aes::cipher::block_padding::NoPadding;
use aes::cipher::{BlockModeDecrypt, KeyIvInit};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rstest::rstest;
use serde_json::{Value, json};
use sha1::{Digest, Sha1};
use wxsandbox::{Policy, PushConfig, PushFormat, PushMode, UserDataEvent};

use crate::receiver::{Answer, Received, Receiver};
use crate::stack::Stack;

const TOKEN: &str = "sesame";
/// The base64 of 32 bytes of `k`, without its padding.
const AES_KEY: &str = "a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s";

fn stack(server: &Receiver, mode: PushMode, format: PushFormat) -> Stack {
    Stack::with(|config| {
        config.apps[0].push = Some(PushConfig {
            url: format!("{}/events", server.url),
            token: TOKEN.into(),
            encoding_aes_key: AES_KEY.into(),
            mode,
            format,
        });
    })
    .unwrap()
}

fn sorted_sha1(mut parts: Vec<&str>) -> String {
    parts.sort_unstable();
    hex::encode(Sha1::digest(parts.concat()))
}

/// The message behind `Encrypt`, opened with another implementation than the sandbox's own.
fn decrypt(encrypt: &str) -> (String, String) {
    let key = [b'k'; 32];
    let mut data = STANDARD.decode(encrypt).unwrap();
    let cipher = cbc::Decryptor::<aes::Aes256>::new_from_slices(&key, &key[..16]).unwrap();
    let plain = cipher.decrypt_padded::<NoPadding>(&mut data).unwrap();
    let padding = usize::from(*plain.last().unwrap());
    assert!((1..=32).contains(&padding) && plain.len().is_multiple_of(32));
    let plain = &plain[..plain.len() - padding];
    let length = u32::from_be_bytes(plain[16..20].try_into().unwrap());
    let (message, app_id) = plain[20..].split_at(usize::try_from(length).unwrap());
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (text(message), text(app_id))
}

fn signature_holds(received: &Received) -> bool {
    let part = |name| received.query(name).unwrap();
    sorted_sha1(vec![TOKEN, part("timestamp"), part("nonce")]) == part("signature")
}

#[tokio::test]
async fn the_url_is_verified_by_its_echo() {
    let server = Receiver::answering(Answer::Echo).unwrap();
    let stack = stack(&server, PushMode::Safe, PushFormat::Json);
    let attempt = stack.control().verify_push(&stack.app.id).await.unwrap();
    assert!(attempt.accepted, "{attempt:?}");
    let received = server.received();
    assert_eq!(received[0].method, "GET");
    assert!(signature_holds(&received[0]));
}

#[tokio::test]
async fn a_url_that_does_not_echo_is_refused() {
    let server = Receiver::answering(Answer::Text("success")).unwrap();
    let stack = stack(&server, PushMode::Safe, PushFormat::Json);
    let attempt = stack.control().verify_push(&stack.app.id).await.unwrap();
    assert!(!attempt.accepted, "{attempt:?}");
}

#[tokio::test]
async fn in_safe_mode_the_event_is_encrypted_and_signed() {
    let server = Receiver::answering(Answer::Text("success")).unwrap();
    let stack = stack(&server, PushMode::Safe, PushFormat::Json);
    let event = UserDataEvent::UserAuthorizationRevoke {
        revoke_info: "8".to_owned(),
    };
    let delivery = stack
        .control()
        .push_event(&stack.app.id, "alice", &event)
        .await
        .unwrap();
    assert!(
        delivery.delivered && delivery.attempts.len() == 1,
        "{delivery:?}"
    );
    let received = server.received().remove(0);
    let body: Value = serde_json::from_str(&received.body).unwrap();
    let encrypt = body["Encrypt"].as_str().unwrap();
    let part = |name| received.query(name).unwrap();
    let parts = vec![TOKEN, part("timestamp"), part("nonce"), encrypt];
    assert_eq!(part("msg_signature"), sorted_sha1(parts));
    assert_eq!(part("encrypt_type"), "aes");
    let (message, app_id) = decrypt(encrypt);
    assert_eq!(app_id, stack.app.id);
    let message: Value = serde_json::from_str(&message).unwrap();
    assert_eq!(message["Event"], "user_authorization_revoke");
    assert_eq!(message["RevokeInfo"], "8");
    assert_eq!(message["OpenID"], stack.alice().unwrap().openid());
    assert_eq!(message["AppID"], stack.app.id.as_str());
    assert_eq!(message["CreateTime"], 1_750_000_000);
}

#[rstest]
#[case::json(PushFormat::Json, r#""Event":"user_info_modified""#)]
#[case::xml(PushFormat::Xml, "<Event><![CDATA[user_info_modified]]></Event>")]
#[tokio::test]
async fn in_plain_mode_the_event_is_in_clear(#[case] format: PushFormat, #[case] shown: &str) {
    let server = Receiver::answering(Answer::Text("")).unwrap();
    let stack = stack(&server, PushMode::Plain, format);
    let event = UserDataEvent::UserInfoModified;
    let delivery = stack
        .control()
        .push_event(&stack.app.id, "alice", &event)
        .await
        .unwrap();
    assert!(delivery.delivered, "an empty answer will do: {delivery:?}");
    let received = server.received().remove(0);
    assert!(received.body.contains(shown), "{}", received.body);
    assert!(signature_holds(&received));
    assert_eq!(received.query("msg_signature"), None);
}

#[tokio::test]
async fn a_message_that_is_not_answered_is_repeated_three_times_in_all() {
    let server = Receiver::answering(Answer::Silence).unwrap();
    let stack = stack(&server, PushMode::Plain, PushFormat::Json);
    let message = json!({"action": "CheckContainerPath"});
    let hurry = |policy: &mut Policy| policy.push_timeout_ms = 200;
    stack.control().change_policy(hurry);
    let delivery = stack.control().push(&stack.app.id, &message).await.unwrap();
    assert_eq!((delivery.delivered, delivery.attempts.len()), (false, 3));
    assert!(
        delivery
            .attempts
            .iter()
            .all(|attempt| attempt.status.is_none())
    );
}

#[tokio::test]
async fn an_answer_that_is_neither_success_nor_empty_is_no_answer() {
    let server = Receiver::answering(Answer::Text("{\"code\":200}")).unwrap();
    let stack = stack(&server, PushMode::Plain, PushFormat::Json);
    let event = UserDataEvent::UserAuthorizationCancellation;
    let delivery = stack
        .control()
        .push_event(&stack.app.id, "bob", &event)
        .await
        .unwrap();
    assert_eq!((delivery.delivered, delivery.attempts.len()), (false, 3));
}

#[tokio::test]
async fn an_event_is_pushed_over_http_too() {
    let server = Receiver::answering(Answer::Text("success")).unwrap();
    let stack = stack(&server, PushMode::Compatible, PushFormat::Json);
    let path = format!("/sandbox/apps/{}/push/event", stack.app.id);
    let body = json!({"user": "alice", "event": "user_authorization_cancellation"});
    let delivery = stack.post(&path, &[], &body).await.unwrap();
    assert_eq!(delivery["delivered"], true, "{delivery}");
    assert!(server.received()[0].body.contains("Encrypt"));
}
