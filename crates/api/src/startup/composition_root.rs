//! Puts adapters behind ports, and ports into use cases.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use avatars::ObjectAvatarStore;
use domain::access::AccessService;
use domain::account::AccountService;
use domain::avatars::AvatarService;
use domain::login::{LoginPolicy, LoginPorts, LoginService};
use domain::personal_data::PersonalDataService;
use domain::ports::{AvatarStore, Clock, CodeExchanger, TokenIssuer, WechatUserApi};
use domain::push::PushRelay;
use domain::sessions::{SessionPolicy, SessionService};
use domain::signatures::SignatureService;
use domain::support::SupportDesk;
use persistence::Database;
use wxclient::{HttpCodeExchanger, HttpWechatApi, WechatClient};
use wxcrypto::{AesOpenDataOpener, session_signature};

use super::Background;
use super::upkeep::remove_old_avatars;
use super::wechat::{AppList, app_clients};
use crate::http::{ApiKeys, HttpState, PushInboxes, Relay};
use crate::metrics::Metrics;
use crate::phone_numbers::e164;
use crate::phone_quota::MeteredUserApi;
use crate::relay::{Delivery, HttpPushTarget};
use crate::session_memory::{SessionMemory, StorePorts};
use crate::settings::Settings;
use crate::tokens::{Audience, JwtTokenIssuer, KeyKeeper, TokenPolicy};

/// What the use cases are made of.
pub(super) struct CompositionRoot<'a> {
    pub(super) settings: &'a Settings,
    pub(super) database: &'a Database,
    pub(super) store: StorePorts,
    pub(super) pictures: Arc<dyn AvatarStore>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) wechat: WechatClient,
    pub(super) metrics: Arc<Metrics>,
    pub(super) background: &'a Background,
}

impl CompositionRoot<'_> {
    pub(super) async fn compose(self, apps: AppList) -> anyhow::Result<HttpState> {
        let (settings, database) = (self.settings, self.database);
        let tokens = self.tokens().await;
        let runtime = self.background.runtime();
        let wechat = self.wechat.clone();
        self.metrics.watch(database.statistics(), wechat.clone());
        let clients = app_clients(settings, &wechat, database, &self.clock)?;
        let wechat_api = Arc::new(HttpWechatApi::new(clients));
        let user_api = MeteredUserApi::new(wechat_api.clone(), self.metrics.clone(), runtime);
        let user_api: Arc<dyn WechatUserApi> = Arc::new(user_api);
        let exchanger = Arc::new(HttpCodeExchanger::new(wechat, apps.secrets));
        let avatars = self.avatars();
        let push_relay = self.push_relay()?;
        Ok(HttpState {
            logins: self.logins(exchanger, tokens.clone()),
            access: Arc::new(AccessService {
                sessions: self.store.sessions.clone(),
                lifecycle: self.metrics.counted(self.store.lifecycle.clone()),
                tokens: tokens.clone(),
                clock: self.clock.clone(),
            }),
            sessions: self.sessions(tokens.clone()),
            accounts: Arc::new(AccountService {
                accounts: self.store.accounts.clone(),
                avatars: avatars.clone(),
                clock: self.clock.clone(),
            }),
            signatures: self.signatures(user_api.clone()),
            personal_data: self.personal_data(user_api),
            desk: self.desk(),
            relay: Arc::new(Relay {
                use_case: push_relay.clone(),
                background: self.background.clone(),
                metrics: self.metrics.clone(),
            }),
            push_relay,
            avatars,
            tokens,
            apps: Arc::new(apps.directory),
            wechat_tokens: wechat_api,
            api_keys: Arc::new(ApiKeys::new(&settings.admin.api_keys)),
            push: Arc::new(PushInboxes::of(&settings.apps).context("apps: push_aes_key")?),
            background: Arc::new(self.background.clone()),
            metrics: self.metrics,
        })
    }

    /// The token issuer, with its keys if the database is there, and the task that keeps them.
    async fn tokens(&self) -> Arc<JwtTokenIssuer> {
        let tokens = &self.settings.tokens;
        let issuer = Arc::new(JwtTokenIssuer::new(TokenPolicy {
            issuer: tokens.issuer.clone(),
            audience: Audience::of(&tokens.audience),
            access_ttl: Duration::from_secs(tokens.access_ttl_s.into()),
            refresh_ttl: Duration::from_secs(tokens.refresh_ttl_s.into()),
        }));
        let mut keeper = KeyKeeper::new(
            Arc::new(self.database.signing_keys()),
            issuer.clone(),
            self.clock.clone(),
            tokens.algorithm,
        );
        let pause = keeper.read().await.unwrap_or_else(|error| {
            tracing::error!(
                error = format!("{error:#}"),
                "the signing keys cannot be read, so logins fail; the service keeps trying"
            );
            keeper.pause_after_failure()
        });
        tokio::spawn(keeper.keep(pause));
        issuer
    }

    fn login_policy(&self) -> LoginPolicy {
        let settings = self.settings;
        let max_age = u64::from(settings.open_data.max_age_s);
        LoginPolicy {
            open_data_max_age: (max_age > 0).then(|| Duration::from_secs(max_age)),
            session_ttl: Duration::from_secs(settings.tokens.refresh_ttl_s.into()),
            exchange_timeout: Duration::from_millis(settings.wechat.timeout_ms.into()),
            sessions_per_user: settings.limits.sessions_per_user,
        }
    }

    fn logins(
        &self,
        exchanger: Arc<dyn CodeExchanger>,
        tokens: Arc<dyn TokenIssuer>,
    ) -> Arc<LoginService> {
        let ports = LoginPorts {
            exchanger,
            opener: Arc::new(AesOpenDataOpener),
            users: self.store.users.clone(),
            sessions: self.store.sessions.clone(),
            tokens,
            clock: self.clock.clone(),
        };
        Arc::new(LoginService::new(ports, self.login_policy()))
    }

    fn sessions(&self, tokens: Arc<dyn TokenIssuer>) -> Arc<SessionService> {
        Arc::new(SessionService {
            lifecycle: self.metrics.counted(self.store.lifecycle.clone()),
            tokens,
            clock: self.clock.clone(),
            policy: SessionPolicy {
                ttl: self.login_policy().session_ttl,
                reuse_grace: Duration::from_secs(self.settings.tokens.reuse_grace_s.into()),
            },
        })
    }

    /// The pictures of users, and the task that removes those that are not used any more.
    fn avatars(&self) -> Arc<AvatarService> {
        let avatars = Arc::new(AvatarService {
            store: self.pictures.clone(),
            replaced: Arc::new(self.database.replaced_avatars()),
            accounts: self.store.accounts.clone(),
            clock: self.clock.clone(),
        });
        tokio::spawn(remove_old_avatars(avatars.clone()));
        avatars
    }

    fn signatures(&self, wechat: Arc<dyn WechatUserApi>) -> Arc<SignatureService> {
        Arc::new(SignatureService {
            signatories: Arc::new(self.database.signatories()),
            wechat,
            sign: session_signature,
            audit: Arc::new(self.database.audit()),
            clock: self.clock.clone(),
        })
    }

    fn personal_data(&self, wechat: Arc<dyn WechatUserApi>) -> Arc<PersonalDataService> {
        Arc::new(PersonalDataService {
            wechat,
            opener: Arc::new(AesOpenDataOpener),
            e164,
            accounts: self.store.accounts.clone(),
            clock: self.clock.clone(),
            max_age: self.login_policy().open_data_max_age,
            lookups: Arc::new(self.database.phone_lookups()),
            lookups_per_day: self.settings.limits.phone_lookups_per_day,
        })
    }

    fn desk(&self) -> Arc<SupportDesk> {
        Arc::new(SupportDesk {
            accounts: self.store.accounts.clone(),
            merges: self.store.merges.clone(),
            bans: Arc::new(self.database.bans()),
            audit: Arc::new(self.database.audit()),
            clock: self.clock.clone(),
        })
    }

    /// The push relay, and the task that delivers what waits.
    fn push_relay(&self) -> anyhow::Result<Arc<PushRelay>> {
        let target = HttpPushTarget::new(&self.settings.apps, self.clock.clone());
        let target = target.context("apps: push_relay")?;
        let has_rules = target.has_rules();
        let relay = Arc::new(PushRelay {
            outbox: Arc::new(self.database.push_outbox()),
            target: Arc::new(target),
            clock: self.clock.clone(),
        });
        let delivery = Delivery {
            relay: relay.clone(),
            metrics: self.metrics.clone(),
            has_rules,
        };
        tokio::spawn(delivery.run());
        Ok(relay)
    }
}

/// The pictures that users upload. Without `avatars.public_url` this service shows them.
pub(super) fn avatar_store(
    settings: &Settings,
    listening: SocketAddr,
) -> anyhow::Result<Arc<dyn AvatarStore>> {
    let avatars = &settings.avatars;
    let own = || format!("http://{listening}/avatars");
    let public_url = avatars.public_url.as_ref().map(|url| url.0.to_string());
    let store = ObjectAvatarStore::open(&avatars.url, &public_url.unwrap_or_else(own))
        .context("avatars.url")?;
    Ok(Arc::new(store))
}

/// The ports of the store with a memory in front, which listens to the other replicas.
pub(super) fn remembering_store(database: &Database, machine: Arc<dyn Clock>) -> StorePorts {
    let memory = Arc::new(SessionMemory::new(Arc::new(database.changes()), machine));
    tokio::spawn(SessionMemory::listen(Arc::downgrade(&memory)));
    let store = StorePorts {
        users: Arc::new(database.users()),
        sessions: Arc::new(database.sessions()),
        lifecycle: Arc::new(database.lifecycle()),
        accounts: Arc::new(database.accounts()),
        merges: Arc::new(database.merges()),
    };
    store.remembered_by(&memory)
}
