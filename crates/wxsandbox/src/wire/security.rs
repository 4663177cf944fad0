//! Signed and encrypted calls: opens the request, seals the answer
//! (<https://developers.weixin.qq.com/miniprogram/dev/server/getting_started/api_signature.html>).

use std::borrow::Cow;
use std::sync::Arc;

use actix_web::web::Bytes;
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use secrecy::ExposeSecret;
use serde_json::{Map, Value};

use super::call::Query;
use super::{Call, Reply, access};
use crate::api::Api;
use crate::clock::Moment;
use crate::config::ApiSecurityConfig;
use crate::crypto::api_security::{DeveloperKey, Envelope, Sealed, SymmetricKey};
use crate::errors::{Errcode, WxError};
use crate::state::World;
use crate::state::directory::App;
use crate::state::tokens::TokenParameter;

/// What a signature is made over does not depend on where the sandbox listens.
const HOST: &str = "https://api.weixin.qq.com";
/// A timestamp further off is refused.
const MAX_AGE_S: u64 = 300;

/// A call that came signed and encrypted, opened.
pub(super) struct Secured {
    app: Arc<App>,
    config: ApiSecurityConfig,
    key: SymmetricKey,
    url_path: String,
    query: Query<'static>,
    body: Bytes,
}

/// Opens a signed call; `None` if it came in clear and may.
pub(super) fn open(world: &World, call: &Call<'_>) -> Result<Option<Secured>, WxError> {
    if !call.api.is_some_and(is_covered) {
        return Ok(None);
    }
    let signed = call
        .headers
        .keys()
        .any(|name| name.as_str().starts_with("wechatmp-"));
    if signed {
        return open_signed(world, call).map(Some);
    }
    let app = access::app_id_of(world, call);
    let app = app.and_then(|app_id| world.directory().app(&app_id));
    let security = app
        .as_ref()
        .and_then(|app| app.config.api_security.as_ref());
    if security.is_some_and(|security| security.required) {
        return Err(Errcode::SignatureHeaderMissing.into());
    }
    Ok(None)
}

fn open_signed(world: &World, call: &Call<'_>) -> Result<Secured, WxError> {
    let app_id = header(call, "Wechatmp-Appid").ok_or(Errcode::AppIdHeaderMissing)?;
    let timestamp = header(call, "Wechatmp-TimeStamp");
    let timestamp = timestamp.ok_or(Errcode::TimestampHeaderMissing)?;
    let signature = header(call, "Wechatmp-Signature");
    let signature = signature.ok_or(Errcode::SignatureHeaderMissing)?;
    let app = world.directory().app(app_id);
    let app = app.ok_or(Errcode::HeaderAppIdInvalid)?;
    check_token(world, call, app_id)?;
    let timestamp = check_time(call, timestamp)?;
    let config = app.config.api_security.clone();
    let config = config.ok_or(Errcode::NoPublicKey)?;
    let public = DeveloperKey::parse(&config.public_key_pem);
    let public = public.ok_or(Errcode::NoPublicKey)?;
    let body = std::str::from_utf8(&call.body).map_err(|_| Errcode::SignatureWrong)?;
    let url_path = signed_path(call, &public, app_id, timestamp, body, signature)?;
    let key = SymmetricKey::parse(&config.aes_sn, config.aes_key.expose_secret());
    let key = key.ok_or(Errcode::NoSymmetricKey)?;
    let envelope = Envelope {
        url_path: &url_path,
        app_id,
        timestamp,
    };
    let fields = open_body(&key, &envelope, body)?;
    Ok(Secured {
        query: merged_query(call, &fields),
        body: Value::Object(fields).to_string().into(),
        app,
        config,
        key,
        url_path,
    })
}

/// The calls that may come signed; those of login and tokens may not.
const fn is_covered(api: Api) -> bool {
    matches!(
        api,
        Api::GetPhoneNumber
            | Api::CheckEncryptedData
            | Api::GetUserEncryptKey
            | Api::GetPluginOpenpid
            | Api::GetQuota
            | Api::GetRid
    )
}

fn header<'a>(call: &'a Call<'_>, name: &str) -> Option<&'a str> {
    call.headers.get(name)?.to_str().ok()
}

/// The token must be the named app's; one that is no good is refused later, like any other.
fn check_token(world: &World, call: &Call<'_>, app_id: &str) -> Result<(), WxError> {
    let token = call.query.get("access_token").unwrap_or_default();
    let owner = (world.tokens()).owner(call.now, token, TokenParameter::Access);
    match owner {
        Ok(owner) if *owner != *app_id => Err(Errcode::HeaderAppIdMismatch.into()),
        _ => Ok(()),
    }
}

fn check_time(call: &Call<'_>, timestamp: &str) -> Result<i64, WxError> {
    let seconds: i64 = timestamp.parse().map_err(|_| Errcode::TimestampExpired)?;
    if call.now.unix_seconds().abs_diff(seconds) > MAX_AGE_S {
        return Err(Errcode::TimestampExpired.into());
    }
    Ok(seconds)
}

/// The URL the signature was made over: WeChat's own, or the one the sandbox was called at.
fn signed_path(
    call: &Call<'_>,
    public: &DeveloperKey,
    app_id: &str,
    timestamp: i64,
    body: &str,
    signature: &str,
) -> Result<String, WxError> {
    let called_at = header(call, "Host").map(|host| format!("http://{host}"));
    let hosts = [Some(Cow::Borrowed(HOST)), called_at.map(Cow::Owned)];
    for host in hosts.into_iter().flatten() {
        let url_path = format!("{host}{}", call.path);
        let envelope = Envelope {
            url_path: &url_path,
            app_id,
            timestamp,
        };
        if public.verify(&envelope.text_to_sign(body), signature) {
            return Ok(url_path);
        }
    }
    Err(Errcode::SignatureWrong.into())
}

fn open_body(
    key: &SymmetricKey,
    envelope: &Envelope<'_>,
    body: &str,
) -> Result<Map<String, Value>, WxError> {
    let sealed: Sealed = serde_json::from_str(body).map_err(|_| Errcode::CannotDecrypt)?;
    let text = key.open(envelope, &sealed).ok_or(Errcode::CannotDecrypt)?;
    let fields: Map<String, Value> =
        serde_json::from_str(&text).map_err(|_| Errcode::CannotDecrypt)?;
    if fields.get("_appid").and_then(Value::as_str) != Some(envelope.app_id) {
        return Err(Errcode::HeaderAppIdInvalid.into());
    }
    if fields.get("_timestamp").and_then(Value::as_i64) != Some(envelope.timestamp) {
        return Err(Errcode::TimestampExpired.into());
    }
    Ok(fields)
}

/// Parameters of the URL stand in the encrypted JSON too, all but the access_token.
fn merged_query(call: &Call<'_>, fields: &Map<String, Value>) -> Query<'static> {
    let token = call.query.get("access_token").unwrap_or_default();
    let mut pairs = vec![("access_token".to_owned(), token.to_owned())];
    for (name, value) in fields {
        let text = value
            .as_str()
            .map_or_else(|| value.to_string(), ToOwned::to_owned);
        pairs.push((name.clone(), text));
    }
    pairs.into_iter().collect()
}

impl Secured {
    /// The call as it would have come in clear.
    pub(super) fn clear_call<'a>(&self, call: &Call<'a>) -> Call<'a> {
        Call {
            query: self.query.clone(),
            body: self.body.clone(),
            ..*call
        }
    }

    /// Encrypts and signs an answer; one that cannot be goes back in clear, as from a gateway.
    pub(super) fn seal(&self, world: &World, now: Moment, reply: Reply) -> Reply {
        match self.sealed(world, now, &reply.body) {
            Some((body, headers)) => Reply {
                headers,
                body,
                ..reply
            },
            None => reply,
        }
    }

    fn sealed(
        &self,
        world: &World,
        now: Moment,
        body: &str,
    ) -> Option<(String, Vec<(&'static str, String)>)> {
        let envelope = Envelope {
            url_path: &self.url_path,
            app_id: &self.app.id,
            timestamp: now.unix_seconds(),
        };
        let mut fields: Map<String, Value> = serde_json::from_str(body).ok()?;
        let nonce = STANDARD_NO_PAD.encode(world.dice.bytes::<16>());
        fields.insert("_n".to_owned(), nonce.into());
        fields.insert("_appid".to_owned(), envelope.app_id.into());
        fields.insert("_timestamp".to_owned(), envelope.timestamp.into());
        let plaintext = Value::Object(fields).to_string();
        let sealed = self.key.seal(&envelope, world.dice.bytes(), &plaintext)?;
        let body = serde_json::to_string(&sealed).ok()?;
        let platform = world.platform_key().ok()?;
        let signature = platform.sign(&envelope.text_to_sign(&body)).ok()?;
        let headers = vec![
            ("Wechatmp-Appid", self.app.id.to_string()),
            ("Wechatmp-TimeStamp", envelope.timestamp.to_string()),
            ("Wechatmp-Serial", self.config.certificate_sn.clone()),
            ("Wechatmp-Signature", signature),
        ];
        Some((body, headers))
    }
}
