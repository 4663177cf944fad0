//! API keys: who may call what is not for mini programs, and the support desk for them.

use std::marker::PhantomData;
use std::net::IpAddr;
use std::ops::Deref;

use actix_web::{HttpRequest, web};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{Digest, SHA256, digest};
use domain::audit::{AuditActor, Caller};
use domain::support::SupportDesk;

use super::key_guesses::KeyGuesses;
use super::{TrustedProxies, admin_query, bearer};
use crate::http::replies::{ApiError, ErrorCode};
use crate::settings::{ApiKey, Scope};

/// The configured keys, as digests, and guesses at them.
pub(crate) struct ApiKeys {
    known: Vec<KnownKey>,
    pub(crate) guesses: KeyGuesses,
}

struct KnownKey {
    name: String,
    digest: Digest,
    /// `None` for all but [`Scope::Sign`].
    scopes: Option<Vec<Scope>>,
}

impl ApiKeys {
    /// These keys. One without a name is `key-N`, by its place in the list.
    pub(crate) fn new(keys: &[ApiKey]) -> Self {
        let known = keys.iter().enumerate().map(|(index, key)| KnownKey {
            name: key.shown_name(index),
            digest: digest(&SHA256, key.key.expose().as_bytes()),
            scopes: key.scopes.clone(),
        });
        Self {
            known: known.collect(),
            guesses: KeyGuesses::default(),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// The key that is presented, if it is one.
    fn holder(
        &self,
        credentials: &Credentials<'_>,
        from: Option<IpAddr>,
    ) -> Result<Option<&KnownKey>, ApiError> {
        let found = self
            .find(credentials.key)
            .filter(|key| credentials.name.is_none_or(|name| name == key.name));
        if let Some(from) = from {
            let judged = self.guesses.judge(from, found.is_some());
            judged.map_err(|wait| ApiError::later(ErrorCode::RateLimited, wait))?;
        }
        Ok(found)
    }

    /// Every key is compared, and digests in constant time, so that the time an answer takes says
    /// nothing about any key.
    fn find(&self, presented: &str) -> Option<&KnownKey> {
        let presented = digest(&SHA256, presented.as_bytes());
        self.known.iter().fold(None, |found, key| {
            let is_it = verify_slices_are_equal(key.digest.as_ref(), presented.as_ref());
            found.or(is_it.is_ok().then_some(key))
        })
    }
}

impl KnownKey {
    fn may(&self, scope: Scope) -> bool {
        match &self.scopes {
            Some(scopes) => scopes.contains(&scope),
            // A signature moves money, so a key that may make one says so.
            None => scope != Scope::Sign,
        }
    }
}

/// The credentials that a caller presents for an API key.
#[derive(Clone, Copy)]
pub(crate) struct Credentials<'a> {
    /// The key's name, where the way of presenting it has one.
    pub(crate) name: Option<&'a str>,
    pub(crate) key: &'a str,
}

impl<'a> Credentials<'a> {
    pub(crate) fn of_key(key: &'a str) -> Self {
        Self { name: None, key }
    }
}

/// A scope as a type, so that an endpoint cannot forget to say which one it needs.
pub(crate) trait Right: 'static {
    const SCOPE: Scope;
}

macro_rules! rights {
    ($($right:ident),+) => {$(
        pub(crate) struct $right;

        impl Right for $right {
            const SCOPE: Scope = Scope::$right;
        }
    )+};
}

rights!(Read, Write, WechatToken, Sign);

/// The holder of a key that has the scope of `R`. Asking for it is what makes an endpoint one for
/// such keys; it stands first among a handler's arguments, so that callers without a key get no information.
pub(crate) struct ByKey<R> {
    pub(crate) caller: Caller,
    right: PhantomData<R>,
}

extractor!(ByKey<R> where R: Right, |request| {
    let presented = bearer(request)?;
    let caller = caller(request, &Credentials::of_key(presented.expose()), R::SCOPE)?;
    admin_query::check(request)?;
    Ok(Self {
        caller,
        right: PhantomData,
    })
});

/// The support desk, asked by the holder of a key that has the scope of `R`. It stands first among a
/// handler's arguments, as [`ByKey`] does.
pub(crate) struct Desk<R> {
    pub(crate) caller: Caller,
    service: web::Data<SupportDesk>,
    right: PhantomData<R>,
}

extractor!(Desk<R> where R: Right, |request| {
    let ByKey { caller, right } = ByKey::extract(request).into_inner()?;
    let service = request.app_data::<web::Data<SupportDesk>>();
    let service = service.ok_or_else(|| ApiError::new(ErrorCode::Internal))?.clone();
    Ok(Self { caller, service, right })
});

impl<R> Deref for Desk<R> {
    type Target = SupportDesk;

    fn deref(&self) -> &SupportDesk {
        &self.service
    }
}

/// Who presents `credentials`, if they are those of a key that has the scope.
pub(crate) fn caller(
    request: &HttpRequest,
    credentials: &Credentials<'_>,
    scope: Scope,
) -> Result<Caller, ApiError> {
    let from = request
        .app_data::<web::Data<TrustedProxies>>()
        .and_then(|proxies| proxies.client_of(request));
    let keys = request.app_data::<web::Data<ApiKeys>>();
    let key = match keys {
        Some(keys) => keys.holder(credentials, from)?,
        None => None,
    };
    let key = key.ok_or_else(|| ApiError::new(ErrorCode::TokenInvalid))?;
    if !key.may(scope) {
        return Err(ApiError::new(ErrorCode::Forbidden));
    }
    Ok(Caller {
        actor: AuditActor::ApiKey(key.name.clone()),
        from,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Secret;

    fn key(name: Option<&str>, key: &str, scopes: Option<Vec<Scope>>) -> ApiKey {
        ApiKey {
            name: name.map(str::to_owned),
            key: Secret::new(key),
            scopes,
        }
    }

    #[test]
    fn a_bare_key_may_do_everything_but_sign_and_is_named_by_its_place() {
        let keys = ApiKeys::new(&[key(Some("desk"), "one", None), key(None, "two", None)]);
        let found = keys.find("two").unwrap();
        assert_eq!(found.name, "key-2");
        for scope in [
            Scope::Read,
            Scope::Write,
            Scope::Introspect,
            Scope::WechatToken,
        ] {
            assert!(found.may(scope), "{scope:?}");
        }
        assert!(!found.may(Scope::Sign));
    }

    #[test]
    fn a_named_key_may_do_what_it_says_and_nothing_else() {
        let keys = ApiKeys::new(&[key(Some("desk"), "one", Some(vec![Scope::Write]))]);
        let found = keys.find("one").unwrap();
        assert!(found.may(Scope::Write) && !found.may(Scope::Read));
    }

    #[test]
    fn what_is_not_a_whole_key_finds_none() {
        let keys = ApiKeys::new(&[key(None, "one", None)]);
        for text in ["", "on", "onee", "One"] {
            assert!(keys.find(text).is_none(), "{text}");
        }
    }
}
