//! The token issuer and its keys.

use std::sync::Arc;
use std::time::Duration;

use domain::ports::Clock;
use persistence::Database;

use crate::settings::Settings;
use crate::tokens::{Audience, JwtTokenIssuer, KeyKeeper, TokenPolicy};

pub(super) fn token_issuer(settings: &Settings) -> JwtTokenIssuer {
    let tokens = &settings.tokens;
    JwtTokenIssuer::new(TokenPolicy {
        issuer: tokens.issuer.clone(),
        audience: Audience::of(&tokens.audience),
        access_ttl: Duration::from_secs(tokens.access_ttl_s.into()),
        refresh_ttl: Duration::from_secs(tokens.refresh_ttl_s.into()),
    })
}

/// Gives the issuer its keys, now if the database is there, and whenever they change.
pub(super) async fn keep_keys(
    settings: &Settings,
    database: &Database,
    issuer: &Arc<JwtTokenIssuer>,
    clock: &Arc<dyn Clock>,
) {
    let mut keeper = KeyKeeper::new(
        Arc::new(database.signing_keys()),
        Arc::clone(issuer),
        Arc::clone(clock),
        settings.tokens.algorithm,
    );
    let pause = keeper.read().await.unwrap_or_else(|error| {
        tracing::error!(
            error = format!("{error:#}"),
            "the signing keys cannot be read, so logins fail; the service keeps trying"
        );
        keeper.pause_after_failure()
    });
    tokio::spawn(keeper.keep(pause));
}
