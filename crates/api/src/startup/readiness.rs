//! Whether this replica can serve: the database, and what was read from it.

use std::sync::Arc;

use async_trait::async_trait;
use domain::ports::{NotReady, ReadinessProbe, TokenIssuer};

/// Ready is who has a database that is [ready](ReadinessProbe) and keys to sign with: without these no
/// token is issued or read.
pub(crate) struct ServiceReadiness {
    pub(crate) database: Arc<dyn ReadinessProbe>,
    pub(crate) tokens: Arc<dyn TokenIssuer>,
}

#[async_trait]
impl ReadinessProbe for ServiceReadiness {
    async fn probe(&self) -> Result<(), NotReady> {
        self.database.probe().await?;
        self.tokens.can_issue().map_err(|_| NotReady::NoSigningKeys)
    }
}

#[cfg(test)]
mod tests {
    use domain::testing::PlainTokens;

    use super::*;

    struct Up;

    #[async_trait]
    impl ReadinessProbe for Up {
        async fn probe(&self) -> Result<(), NotReady> {
            Ok(())
        }
    }

    #[tokio::test]
    async fn a_replica_is_not_ready_before_it_has_read_its_signing_keys() {
        let tokens = Arc::new(PlainTokens::default());
        let readiness = ServiceReadiness {
            database: Arc::new(Up),
            tokens: tokens.clone(),
        };
        tokens.set_key(false);
        let refused = readiness.probe().await;
        assert!(matches!(refused, Err(NotReady::NoSigningKeys)));
        tokens.set_key(true);
        readiness.probe().await.unwrap();
    }
}
