//! WeChat's access_tokens, shared between replicas.

use async_trait::async_trait;
use diesel::prelude::*;
use domain::ports::{StoreResult, StoredWechatToken, WechatTokenRepository};
use domain::secret::WechatToken;

use crate::database::Database;
use crate::schema::wechat_tokens;
use crate::seal::Vault;
use crate::types::DbInstant;

/// What the tokens are sealed for, each bound to its key.
pub(crate) const PURPOSE: &str = "wechat_token";

#[async_trait]
impl WechatTokenRepository for Database {
    async fn load(&self, key: &str) -> StoreResult<Option<StoredWechatToken>> {
        let name = key.to_owned();
        let row = self.pool.run(move |connection| {
            let row = wechat_tokens::table
                .find(&name)
                .select((wechat_tokens::token, wechat_tokens::expires_at));
            Ok(row.first::<(Vec<u8>, DbInstant)>(connection).optional()?)
        });
        // One that does not open is as good as none: another is fetched in its place.
        Ok(row.await?.and_then(|(sealed, expires_at)| {
            Some(StoredWechatToken {
                token: open(&self.vaults.wechat_tokens, key, &sealed)?,
                expires_at: expires_at.into(),
            })
        }))
    }

    async fn save(&self, key: &str, token: &StoredWechatToken) -> StoreResult<()> {
        let (vault, secret) = (&self.vaults.wechat_tokens, token.token.expose());
        let sealed = vault.seal(&[key.as_bytes()], secret.as_bytes())?;
        let (key, expires_at) = (key.to_owned(), DbInstant::from(token.expires_at));
        // It is repeated if another has inserted the same key meanwhile.
        let saved = self.transact(move |connection| {
            let token = (
                wechat_tokens::token.eq(&sealed),
                wechat_tokens::expires_at.eq(expires_at),
            );
            let updated = diesel::update(wechat_tokens::table.find(&key))
                .set(token)
                .execute(connection)?;
            if updated == 0 {
                diesel::insert_into(wechat_tokens::table)
                    .values((wechat_tokens::key.eq(&key), token.0, token.1))
                    .execute(connection)?;
            }
            Ok(())
        });
        saved.await
    }
}

fn open(vault: &Vault, key: &str, sealed: &[u8]) -> Option<WechatToken> {
    let token = vault.open(&[key.as_bytes()], sealed);
    let token = token.and_then(|token| std::str::from_utf8(&token).ok().map(WechatToken::new));
    if token.is_none() {
        vault.report_lost("access_token of WeChat's");
    }
    token
}
