//! The calls that need an app's access_token.

mod encrypted_message;
mod phone_number;
mod plugin;
mod session;
mod union_id;
mod usage;
mod user_encrypt_key;

use std::sync::Arc;

use domain::id::AppId;
use domain::secret::WechatToken;

pub use encrypted_message::EncryptedMessage;
pub use session::session_signature;
pub use union_id::PaidOrder;
pub use usage::Resource;
pub use user_encrypt_key::UserEncryptKey;

use crate::app::App;
use crate::client::WechatClient;
use crate::error::Result;
use crate::security::ApiSecurity;
use crate::token::{AppTokens, FetchedToken, SharedTokens, TokenClient, TokenKind, TokenSource};

/// A client for one app: a value one holds. Cheap to clone; the clones share the token.
///
/// A login never needs it: [`WechatClient::code2session`] works without any access_token.
#[derive(Clone, Debug)]
pub struct AppClient {
    client: Arc<TokenClient>,
    app_id: AppId,
    security: Option<Arc<ApiSecurity>>,
}

impl AppClient {
    /// A client for `app` that uses stable tokens.
    pub fn new(client: WechatClient, app: App) -> Self {
        Self::of(client, app, TokenKind::Stable)
    }

    /// The same, with plain tokens: for an app whose other programs cannot use stable ones.
    pub fn with_plain_tokens(client: WechatClient, app: App) -> Self {
        Self::of(client, app, TokenKind::Plain)
    }

    fn of(client: WechatClient, app: App, kind: TokenKind) -> Self {
        let app_id = app.app_id.clone();
        let tokens = AppTokens {
            client: client.clone(),
            app,
            kind,
        };
        Self::with_tokens(client, app_id, Arc::new(tokens))
    }

    /// A client for the app `app_id` whose tokens come from `source`: of a third-party platform
    /// ([`AuthorizerTokens`](crate::component::AuthorizerTokens)), or of a place of one's own.
    pub fn with_tokens(client: WechatClient, app_id: AppId, source: Arc<dyn TokenSource>) -> Self {
        Self {
            client: Arc::new(TokenClient::new(client, source)),
            app_id,
            security: None,
        }
    }

    /// Keeps the token for all replicas.
    #[must_use]
    pub fn sharing(mut self, shared: SharedTokens) -> Self {
        self.client = Arc::new(self.client.sharing(shared));
        self
    }

    /// Encrypts and signs the calls that support it (服务端 API 签名与加密), as switched on for the
    /// app in WeChat's console.
    #[must_use]
    pub fn secured(mut self, security: ApiSecurity) -> Self {
        self.security = Some(Arc::new(security));
        self
    }

    pub const fn app_id(&self) -> &AppId {
        &self.app_id
    }

    /// The app's current access_token and how long it still works: for the team's other services,
    /// so that one place fetches it.
    pub async fn access_token(&self) -> Result<FetchedToken> {
        self.client.token(self.client.deadline()).await
    }

    /// The token that is good now, after another service saw WeChat refuse `refused`. WeChat is
    /// asked anew only if `refused` is the newest token known, and because of such reports at most
    /// once in ten seconds.
    pub async fn access_token_instead_of(&self, refused: &WechatToken) -> Result<FetchedToken> {
        self.client.reported(refused).await
    }
}
