//! Use case: a login, from the code to the tokens.

mod attempt;
mod code_ledger;
mod patience;

use std::sync::Arc;

pub use attempt::{Login, LoginAttempt, LoginError, NamedUser};

use crate::app::App;
use crate::id::{OpenId, SessionId, UserId};
use crate::open_data::{Expected, Watermark};
use crate::ports::{
    AccessGrant, Clock, CodeExchanger, OpenDataError, OpenDataOpener, SessionRepository,
    TokenIssuer, UserRepository, WechatApiError, WechatFailure, WechatSession,
};
use crate::secret::{SecretHash, SessionKey};
use crate::session::SessionAccount;
use crate::time::{Duration, Timestamp, after, before};
use crate::visit::{NewSession, SentCode, Visit, VisitOutcome};
use code_ledger::{Claim, CodeLedger, Turn};
use patience::Patience;

/// How long a repeated request gets the same session again.
const REPEAT_WINDOW: Duration = Duration::from_mins(1);

/// The first pause between two looks for the session that another replica is about to store. The
/// pauses double, up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(20);

/// The longest of those pauses: at most two queries a second for each login that waits.
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

/// How long another replica may take to store its session when WeChat has answered it.
const STORING_TAKES: Duration = Duration::from_secs(1);

/// How long a login looks for the session of another replica if WeChat does not say that the code
/// was used, or too many others wait already: long enough for a replica that WeChat has answered at
/// once.
const BRIEFLY: Duration = Duration::from_millis(600);

#[derive(Clone, Copy, Debug)]
pub struct LoginPolicy {
    /// The greatest age of a watermark; `None` for any.
    pub open_data_max_age: Option<Duration>,
    /// How long a session lives without being refreshed.
    pub session_ttl: Duration,
    /// How long WeChat may take to answer the exchange of a code.
    pub exchange_timeout: Duration,
    /// How many live sessions a user may have; 0 for any number.
    pub sessions_per_user: u32,
}

type Result<T, E = LoginError> = std::result::Result<T, E>;

pub struct LoginPorts {
    pub exchanger: Arc<dyn CodeExchanger>,
    pub opener: Arc<dyn OpenDataOpener>,
    pub users: Arc<dyn UserRepository>,
    pub sessions: Arc<dyn SessionRepository>,
    pub tokens: Arc<dyn TokenIssuer>,
    pub clock: Arc<dyn Clock>,
}

/// Logs users in: exchanges the code, opens the data, records the visit, issues the tokens. Each
/// port is asked once. Data that does not open stores nothing.
pub struct LoginService {
    ports: LoginPorts,
    policy: LoginPolicy,
    codes: CodeLedger,
    patience: Patience,
}

impl LoginService {
    pub fn new(ports: LoginPorts, policy: LoginPolicy) -> Self {
        Self {
            ports,
            policy,
            codes: CodeLedger::default(),
            patience: Patience::default(),
        }
    }

    /// Logs a user in.
    ///
    /// Run it to its end even if the client goes away: the code is spent by then, and the same
    /// request with the same nonce must find the session.
    pub async fn login(&self, attempt: &LoginAttempt) -> Result<Login> {
        self.ports.tokens.can_issue()?;
        let code = SecretHash::of_code(&attempt.app.id, &attempt.code);
        let nonce = attempt.nonce.as_ref();
        let nonce = nonce.map(|nonce| SecretHash::of_nonce(&code, nonce));
        let sent = SentCode { code, nonce };
        loop {
            match self.codes.claim(code, nonce) {
                Claim::First(turn) => return self.exchange(attempt, sent, turn).await,
                Claim::Spent => return Err(LoginError::CodeSpent),
                Claim::Repeat { first, nonce } => {
                    if let Some(first) = first {
                        // It is woken by being dropped.
                        let _ = first.await;
                    }
                    if self.codes.is_spent(&code) {
                        let repeated = self.repeat(code, nonce, Duration::ZERO).await?;
                        return repeated.ok_or(LoginError::CodeSpent);
                    }
                }
            }
        }
    }

    async fn exchange(
        &self,
        attempt: &LoginAttempt,
        sent: SentCode,
        turn: Turn<'_>,
    ) -> Result<Login> {
        let exchanger = &self.ports.exchanger;
        match exchanger.exchange(&attempt.app.id, &attempt.code).await {
            Ok(wechat) => self.admit(attempt, wechat, sent).await,
            Err(error) => {
                if !error.spends_code {
                    turn.give_back();
                }
                self.repeated_elsewhere(error, sent).await
            }
        }
    }

    /// WeChat has said who it is: checks the data, stores the visit, issues the tokens.
    async fn admit(
        &self,
        attempt: &LoginAttempt,
        wechat: WechatSession,
        sent: SentCode,
    ) -> Result<Login> {
        let now = self.ports.clock.now();
        let key = wechat.session_key;
        let mut visit = Visit {
            union_id: wechat.union_id,
            ..self.visit(attempt.app.clone(), wechat.open_id, Some(sent), now)
        };
        let watermark = self.prove(attempt, &key, &mut visit)?;
        visit.session_key = Some(key);
        self.record(visit, watermark).await
    }

    /// Logs in a user whom WeChat's gateway has named (微信云托管), so that there is no code to
    /// exchange and no session_key. The caller answers for the gateway.
    pub async fn login_named(&self, named: NamedUser) -> Result<Login> {
        self.ports.tokens.can_issue()?;
        let now = self.ports.clock.now();
        let visit = Visit {
            union_id: named.union_id,
            ..self.visit(named.app, named.open_id, None, now)
        };
        self.record(visit, None).await
    }

    /// A visit that has told nothing but who it is.
    fn visit(&self, app: App, open_id: OpenId, sent: Option<SentCode>, at: Timestamp) -> Visit {
        let clock = &self.ports.clock;
        Visit {
            at,
            app,
            open_id,
            union_id: None,
            session_key: None,
            reports: Vec::new(),
            new_user_id: UserId::new(clock.new_id()),
            session: NewSession {
                id: SessionId::new(clock.new_id()),
                expires_at: after(at, self.policy.session_ttl),
                sent,
            },
            sessions_per_user: self.policy.sessions_per_user,
        }
    }

    async fn record(&self, visit: Visit, watermark: Option<Watermark>) -> Result<Login> {
        let now = visit.at;
        match self.ports.users.record_visit(visit).await? {
            VisitOutcome::Recorded { account, .. } => self.answer(account, watermark, now),
            VisitOutcome::UserDisabled => Err(LoginError::UserDisabled),
        }
    }

    /// Opens and checks what came along with the code, and adds it to the visit.
    fn prove(
        &self,
        attempt: &LoginAttempt,
        session_key: &SessionKey,
        visit: &mut Visit,
    ) -> Result<Option<Watermark>, OpenDataError> {
        let max_age = self.policy.open_data_max_age;
        let expected = Expected {
            session_key,
            app_id: &visit.app.id,
            open_id: &visit.open_id,
            not_before: max_age.map(|age| before(visit.at, age)),
        };
        let port = &self.ports.opener;
        if let Some(raw) = &attempt.raw_data {
            visit.reports.push(port.verify(raw, &expected)?);
        }
        let Some(data) = &attempt.encrypted_data else {
            return Ok(None);
        };
        let opened = port.open(data, &expected)?;
        visit.reports.extend(opened.report);
        visit.union_id = visit.union_id.take().or(opened.union_id);
        Ok(Some(opened.watermark))
    }

    /// WeChat refused the code. If it came with a nonce, another replica may have exchanged it
    /// for the same phone a moment ago, and may still wait for WeChat's answer. That is worth a
    /// long wait only where WeChat says that the code was used: a wrong code has to be refused soon.
    async fn repeated_elsewhere(&self, error: WechatApiError, sent: SentCode) -> Result<Login> {
        let Some(nonce) = sent.nonce else {
            return Err(error.into());
        };
        let place = match error.failure {
            WechatFailure::CodeUsed => self.patience.take(),
            WechatFailure::CodeInvalid => None,
            _ => return Err(error.into()),
        };
        let patience = match place {
            Some(_) => self.policy.exchange_timeout.saturating_add(STORING_TAKES),
            None => BRIEFLY,
        };
        let repeated = self.repeat(sent.code, nonce, patience).await?;
        repeated.ok_or_else(|| error.into())
    }

    /// New tokens for the session that this code and nonce have opened, if they have; looks
    /// again and again while `patience` lasts.
    async fn repeat(
        &self,
        code: SecretHash,
        nonce: SecretHash,
        mut patience: Duration,
    ) -> Result<Option<Login>> {
        let (sessions, clock) = (&self.ports.sessions, &self.ports.clock);
        let since = before(clock.now(), REPEAT_WINDOW);
        let mut found = sessions.find_repeated(code, nonce, since).await?;
        let mut pause = FIRST_PAUSE;
        while found.is_none() && !patience.is_zero() {
            pause = pause.min(patience);
            clock.wait(pause).await;
            patience -= pause;
            pause = (pause * 2).min(LONGEST_PAUSE);
            found = sessions.find_repeated(code, nonce, since).await?;
        }
        let now = clock.now();
        let found = found.filter(|account| account.is_usable(now));
        let answer = found.map(|account| self.answer(Arc::new(account), None, now));
        answer.transpose()
    }

    fn answer(
        &self,
        account: Arc<SessionAccount>,
        watermark: Option<Watermark>,
        now: Timestamp,
    ) -> Result<Login> {
        let grant = AccessGrant {
            user_id: account.user.id,
            session_id: account.session.id,
            app_id: account.identity.app_id.clone(),
            generation: account.session.generation,
        };
        let tokens = self.ports.tokens.issue(&grant, now)?;
        Ok(Login {
            account,
            tokens,
            watermark,
        })
    }
}
