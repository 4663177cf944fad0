//! Somebody who visits.

use uuid::Uuid;

use crate::app::App;
use crate::id::{AppId, OpenId, OpenPlatform, SessionId, UnionId, UserId};
use crate::profile::{Profile, ProfileReport};
use crate::secret::{LoginCode, LoginNonce, SecretHash, SessionKey};
use crate::time::{Duration, Timestamp, after};
use crate::visit::{NewSession, SentCode, Visit};

/// A person in a mini program, whose visits a test makes.
#[derive(Clone, Debug)]
#[must_use]
pub struct Guest {
    app: App,
    open_id: OpenId,
    union_id: Option<UnionId>,
}

impl Guest {
    /// The guest of this openid in this app, which is in no Open Platform account.
    pub fn new(app: &str, open_id: &str) -> Self {
        Self {
            app: App {
                id: AppId::new(app),
                open_platform: None,
            },
            open_id: OpenId::new(open_id),
            union_id: None,
        }
    }

    /// The same in an app of the Open Platform account `main`.
    pub fn member(app: &str, open_id: &str) -> Self {
        Self::new(app, open_id).in_account("main")
    }

    /// The same, with a unionid.
    pub fn known(app: &str, open_id: &str, union_id: &str) -> Self {
        Self::member(app, open_id).with_union_id(union_id)
    }

    /// The same guest, with the app in an Open Platform account.
    pub fn in_account(mut self, open_platform: &str) -> Self {
        self.app.open_platform = Some(OpenPlatform::new(open_platform));
        self
    }

    /// The same guest, with a unionid.
    pub fn with_union_id(mut self, union_id: &str) -> Self {
        self.union_id = Some(UnionId::new(union_id));
        self
    }

    pub fn app_id(&self) -> &AppId {
        &self.app.id
    }

    pub fn open_id(&self) -> &OpenId {
        &self.open_id
    }

    /// A visit at a time ([`at`]), with new ids, a new code and a new session_key.
    pub fn visit(&self, seconds: i64) -> Visit {
        let at = at(seconds);
        Visit {
            at,
            app: self.app.clone(),
            open_id: self.open_id.clone(),
            union_id: self.union_id.clone(),
            session_key: Some(SessionKey::new(format!("key {}", Uuid::now_v7()))),
            reports: Vec::new(),
            new_user_id: UserId::new(Uuid::now_v7()),
            session: NewSession {
                id: SessionId::new(Uuid::now_v7()),
                expires_at: after(at, Duration::from_hours(24)),
                sent: Some(SentCode {
                    code: code_hash(&Uuid::now_v7().to_string()),
                    nonce: None,
                }),
            },
            sessions_per_user: 0,
        }
    }

    /// A visit with this session_key.
    pub fn visit_with_key(&self, seconds: i64, key: &str) -> Visit {
        Visit {
            session_key: Some(SessionKey::new(key)),
            ..self.visit(seconds)
        }
    }

    /// A visit with a nonce, and the hashes of its code and nonce.
    pub(super) fn visit_with_nonce(&self, seconds: i64) -> (Visit, SecretHash, SecretHash) {
        let mut visit = self.visit(seconds);
        let code = code_hash(&Uuid::now_v7().to_string());
        let nonce = nonce_hash(&code, "nonce");
        visit.session.sent = Some(SentCode {
            code,
            nonce: Some(nonce),
        });
        (visit, code, nonce)
    }

    /// A visit that tells a nickname.
    pub fn visit_as(&self, seconds: i64, nick_name: &str) -> Visit {
        let mut visit = self.visit(seconds);
        visit.reports.push(named(nick_name));
        visit
    }
}

/// The instant of some seconds after the start of an hour, to the microsecond.
pub(super) fn at(seconds: i64) -> Timestamp {
    const START: i64 = 1_800_000_000;
    Timestamp::from_microsecond((START + seconds) * 1_000_000 + 123_456)
        .unwrap_or(Timestamp::UNIX_EPOCH)
}

pub(super) fn code_hash(code: &str) -> SecretHash {
    SecretHash::of_code(&AppId::new("wx01"), &LoginCode::new(code))
}

pub(super) fn nonce_hash(code: &SecretHash, nonce: &str) -> SecretHash {
    SecretHash::of_nonce(code, &LoginNonce::new(nonce))
}

pub(in crate::testing) fn named(nick_name: &str) -> ProfileReport {
    ProfileReport {
        profile: Profile {
            nick_name: Some(nick_name.to_owned()),
            ..Profile::default()
        },
        is_anonymous: false,
    }
}
