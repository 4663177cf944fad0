//! The use cases with a fake of each port, and the fake of the repositories under its contract.
#![expect(
    clippy::unwrap_used,
    reason = "what fails in a helper has failed its test"
)]

mod access;
mod account;
mod avatars;
mod login;
mod personal_data;
mod push_relay;
mod sessions;
mod signatures;
mod support;
mod world;

use std::sync::Arc;

use domain::ports::{
    AccountRepository, AuditLog, BanRepository, ChangeFeed, MergeRepository, PhoneLookups,
    SessionLifecycle, SessionRepository, SignatoryRepository, UserRepository,
    WechatTokenRepository,
};
use domain::testing::InMemoryStore;
use domain::testing::repository_contract::StoreUnderTest;

struct Fake(Arc<InMemoryStore>);

fn fake() -> std::future::Ready<Fake> {
    std::future::ready(Fake(Arc::default()))
}

domain::repository_contract!(fake);

/// The fake behind each of its ports.
macro_rules! ports {
    ($($name:ident: $port:ident,)*) => {
        impl StoreUnderTest for Fake {
            $(fn $name(&self) -> Arc<dyn $port> {
                Arc::clone(&self.0) as _
            })*

            fn replica(&self) -> Box<dyn StoreUnderTest> {
                Box::new(Self(Arc::clone(&self.0)))
            }
        }
    };
}

ports! {
    users: UserRepository,
    sessions: SessionRepository,
    lifecycle: SessionLifecycle,
    accounts: AccountRepository,
    merges: MergeRepository,
    bans: BanRepository,
    audit: AuditLog,
    signatories: SignatoryRepository,
    changes: ChangeFeed,
    wechat_tokens: WechatTokenRepository,
    phone_lookups: PhoneLookups,
}
