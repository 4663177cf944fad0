//! Calls the sandbox makes itself: pushes, pre-fetches, and requests to cloud containers.

use std::sync::OnceLock;

use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder, Response};

use crate::loopback::is_loopback;

/// A call that did not come about.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct OutboundError(String);

/// The client for all of them. No proxy stands between WeChat and a developer's server, and WeChat
/// follows no redirects. Idle connections are not kept, because callers come from several runtimes.
pub(crate) fn client() -> Result<Client, OutboundError> {
    static CLIENT: OnceLock<Result<Client, String>> = OnceLock::new();
    let client = CLIENT.get_or_init(|| {
        let client = Client::builder()
            .no_proxy()
            .redirect(Policy::none())
            .pool_max_idle_per_host(0);
        client.build().map_err(|error| chain(&error))
    });
    client.clone().map_err(OutboundError)
}

/// Makes a call: to this machine, or, with `allow_remote`, to any.
///
/// URLs come from the callers of the sandbox, and must not let them reach other hosts through it.
pub(crate) async fn send(
    allow_remote: bool,
    request: RequestBuilder,
) -> Result<Response, OutboundError> {
    let (client, request) = request.build_split();
    let request = request.map_err(refused)?;
    if !allow_remote && !is_loopback(request.url()) {
        return Err(OutboundError(
            "the sandbox calls only 127.0.0.1, [::1] and localhost; other hosts need --allow-remote"
                .to_owned(),
        ));
    }
    client.execute(request).await.map_err(refused)
}

/// Status and text of the answer.
pub(crate) async fn text_of(
    allow_remote: bool,
    request: RequestBuilder,
) -> Result<(u16, String), OutboundError> {
    let response = send(allow_remote, request).await?;
    let status = response.status().as_u16();
    Ok((status, response.text().await.map_err(refused)?))
}

/// What went wrong, without the URL and what may stand in its query.
pub(crate) fn refused(error: reqwest::Error) -> OutboundError {
    OutboundError(chain(&error.without_url()))
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}
