//! Sends the messages on payments, again and again until each is answered as it must be.

use std::sync::Arc;
use std::time::Duration;

use actix_web::rt;
use serde_json::json;
use tokio::time;

use super::send;
use crate::config::PushConfig;
use crate::state::World;
use crate::state::notices::PaymentNotice;

/// Never ends; it is dropped with the server's thread.
pub(crate) async fn keep_sending(world: Arc<World>) {
    loop {
        let due = world.notices().take_due(world.now());
        for notice in due {
            rt::spawn(attempt(Arc::clone(&world), notice));
        }
        match until_next(&world) {
            Some(pause) => drop(time::timeout(pause, world.notices_changed.notified()).await),
            None => world.notices_changed.notified().await,
        }
    }
}

/// By the sandbox's clock. If that stands, nothing is due after the pause, which costs nothing.
fn until_next(world: &World) -> Option<Duration> {
    let next = world.notices().next()?;
    Some(next.since(world.now()).max(Duration::from_millis(1)))
}

async fn attempt(world: Arc<World>, notice: PaymentNotice) {
    let config = world.directory().app(&notice.app_id);
    let config = config.and_then(|app| app.config.push.clone());
    let attempt = match config {
        Some(config) => post(&world, &config, &notice).await,
        None => send::failed("the app has no push URL".to_owned()),
    };
    let pauses = &world.policy().payment_push_pauses_s;
    (world.notices()).attempted(world.now(), notice.id, attempt, pauses);
    world.notices_changed.notify_one();
}

async fn post(world: &World, config: &PushConfig, notice: &PaymentNotice) -> send::Attempt {
    let mut message = notice.message.clone();
    if let Some(times) = message.get_mut("RetryTimes") {
        *times = json!(notice.attempts.len());
    }
    let accept = |answer: &str| is_success(config, answer);
    send::attempt_message(world, config, &notice.app_id, &message, accept).await
}

/// `ErrCode` 0 in JSON or XML, sealed or in clear.
fn is_success(config: &PushConfig, answer: &str) -> bool {
    let opened = send::open_reply(config, answer);
    let answer = opened.as_deref().unwrap_or(answer);
    send::field(answer, "ErrCode").as_deref() == Some("0")
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::config::{PushFormat, PushMode};

    #[rstest]
    #[case::json(r#"{"ErrCode":0,"ErrMsg":"success"}"#, true)]
    #[case::xml(
        "<xml><ErrCode>0</ErrCode><ErrMsg><![CDATA[success]]></ErrMsg></xml>",
        true
    )]
    #[case::what_other_events_want("success", false)]
    #[case::nothing("", false)]
    #[case::a_failure(r#"{"ErrCode":1,"ErrMsg":"no"}"#, false)]
    #[case::an_envelope(r#"{"code":200,"msg":"success"}"#, false)]
    fn only_errcode_0_is_the_success_of_a_payment(#[case] answer: &str, #[case] wanted: bool) {
        let config = PushConfig {
            url: String::new(),
            token: "AAAAA".into(),
            encoding_aes_key: "A".repeat(43).into(),
            mode: PushMode::Safe,
            format: PushFormat::Json,
        };
        assert_eq!(is_success(&config, answer), wanted);
    }
}
