//! The mini program of a call: a value, not global state.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use domain::id::AppId;
use parking_lot::Mutex;
use secrecy::{ExposeSecret, SecretString};
use tokio::time::Instant;

/// How long the other secret is left alone after WeChat has refused both: as long as an operator
/// needs to notice. Otherwise every login would cost two refused calls.
const PAUSE_AFTER_BOTH: Duration = Duration::from_mins(1);

/// A mini program and the secret that speaks for it at WeChat.
#[derive(Clone, Debug)]
pub struct App {
    pub app_id: AppId,
    pub secret: AppSecret,
}

/// The AppSecret of a mini program (32 hex digits, from the console's 开发管理 page). Anyone who has
/// it can act as the app, so it shows as `[REDACTED]` in `Debug` and is wiped when dropped.
///
/// A reset in the console kills the old secret at once. So an app may have two: the one that
/// WeChat took last is presented, and the other one when that is refused (40125). Clones share
/// which one it is.
#[derive(Clone)]
pub struct AppSecret(Arc<Secrets>);

struct Secrets {
    first: SecretString,
    second: Option<SecretString>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    is_second: bool,
    both_refused_at: Option<Instant>,
}

/// A secret as it is presented to WeChat.
pub(crate) struct Presented<'a> {
    pub(crate) text: &'a str,
    is_second: bool,
}

impl AppSecret {
    /// Takes the text as it is.
    pub fn new(text: impl Into<String>) -> Self {
        Self::of(SecretString::from(text.into()), None)
    }

    /// The same with a second secret, which is presented if WeChat refuses the first: for the
    /// time around a reset in the console.
    #[must_use]
    pub fn or(self, second: impl Into<String>) -> Self {
        let second = SecretString::from(second.into());
        Self::of(self.0.first.clone(), Some(second))
    }

    fn of(first: SecretString, second: Option<SecretString>) -> Self {
        Self(Arc::new(Secrets {
            first,
            second,
            state: Mutex::default(),
        }))
    }

    /// The one to present, for the request to WeChat alone.
    pub(crate) fn current(&self) -> Presented<'_> {
        let is_second = self.0.state.lock().is_second;
        self.presented(is_second)
    }

    /// The other one, after WeChat has refused `refused`.
    pub(crate) fn instead_of(&self, refused: &Presented<'_>) -> Option<Presented<'_>> {
        self.0.second.as_ref()?;
        let mut state = self.0.state.lock();
        let is_paused = |at: Instant| at.elapsed() < PAUSE_AFTER_BOTH;
        if state.both_refused_at.is_some_and(is_paused) {
            return None;
        }
        // If another call was refused meanwhile, it has changed this already.
        state.is_second = !refused.is_second;
        Some(self.presented(!refused.is_second))
    }

    /// Notes that WeChat refuses the other one too.
    pub(crate) fn both_refused(&self) {
        self.0.state.lock().both_refused_at = Some(Instant::now());
    }

    fn presented(&self, is_second: bool) -> Presented<'_> {
        let second = self.0.second.as_ref().filter(|_| is_second);
        Presented {
            text: second.unwrap_or(&self.0.first).expose_secret(),
            is_second,
        }
    }
}

impl fmt::Debug for AppSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AppSecret([REDACTED])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_app_does_not_show_its_secret() {
        let app = App {
            app_id: AppId::new("wx0123456789abcdef"),
            secret: AppSecret::new("5ecre7").or("07her"),
        };
        let shown = format!("{app:?}");
        assert!(shown.contains("wx0123456789abcdef"), "{shown}");
        for secret in ["5ecre7", "07her"] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_other_secret_is_left_alone_for_a_minute_after_both_were_refused() {
        let secret = AppSecret::new("one").or("two");
        let refused = secret.current();
        assert_eq!(secret.instead_of(&refused).unwrap().text, "two");
        secret.both_refused();
        let refused = secret.current();
        assert!(secret.instead_of(&refused).is_none());
        tokio::time::advance(PAUSE_AFTER_BOTH).await;
        assert_eq!(secret.instead_of(&refused).unwrap().text, "one");
        assert!(AppSecret::new("one").instead_of(&refused).is_none());
    }
}
