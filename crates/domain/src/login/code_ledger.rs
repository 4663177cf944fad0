//! Ensures that this replica sends a login code to WeChat at most once.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use futures_channel::oneshot;

use super::spent_codes::SpentCodes;
use crate::secret::SecretHash;

/// The codes in progress and the latest used ones.
#[derive(Default)]
pub(super) struct CodeLedger {
    codes: Mutex<Codes>,
}

#[derive(Default)]
struct Codes {
    under_way: HashMap<SecretHash, UnderWay>,
    spent: SpentCodes,
}

struct UnderWay {
    nonce: Option<SecretHash>,
    /// Those who wait, to be woken by being dropped.
    repeats: Vec<oneshot::Sender<()>>,
}

impl UnderWay {
    fn done(&mut self) -> Done {
        let (wake, done) = oneshot::channel();
        self.repeats.push(wake);
        done
    }
}

/// Resolves, one way or the other, when the first request with a code has been answered.
pub(super) type Done = oneshot::Receiver<()>;

/// What a request may do with a code.
pub(super) enum Claim<'a> {
    /// Exchange it: it was not exchanged yet.
    First(Turn<'a>),
    /// Wait for the first request with this code, which came with the same nonce.
    Repeat {
        /// When that is answered; `None` if it has been.
        first: Option<Done>,
        nonce: SecretHash,
    },
    /// Nothing: another request exchanges it.
    Spent,
}

impl CodeLedger {
    pub(super) fn claim(&self, code: SecretHash, nonce: Option<SecretHash>) -> Claim<'_> {
        let mut codes = self.lock();
        if let Some(under_way) = codes.under_way.get_mut(&code) {
            return match nonce.filter(|nonce| under_way.nonce == Some(*nonce)) {
                Some(nonce) => Claim::Repeat {
                    first: Some(under_way.done()),
                    nonce,
                },
                None => Claim::Spent,
            };
        }
        if codes.spent.contains(&code) {
            return match nonce.filter(|nonce| codes.spent.came_with(&code, nonce)) {
                Some(nonce) => Claim::Repeat { first: None, nonce },
                None => Claim::Spent,
            };
        }
        let repeats = Vec::new();
        codes.under_way.insert(code, UnderWay { nonce, repeats });
        Claim::First(Turn {
            ledger: self,
            code,
            is_spent: true,
        })
    }

    pub(super) fn is_spent(&self, code: &SecretHash) -> bool {
        self.lock().spent.contains(code)
    }

    fn lock(&self) -> MutexGuard<'_, Codes> {
        self.codes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The right to exchange a code. Dropped, the code is spent: also when the login was cut off in
/// the middle, because WeChat may have consumed it by then.
pub(super) struct Turn<'a> {
    ledger: &'a CodeLedger,
    code: SecretHash,
    is_spent: bool,
}

impl Turn<'_> {
    /// The code was certainly not consumed, so it may be tried again.
    pub(super) fn give_back(mut self) {
        self.is_spent = false;
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut codes = self.ledger.lock();
        let under_way = codes.under_way.remove(&self.code);
        if self.is_spent {
            let nonce = under_way.as_ref().and_then(|first| first.nonce.as_ref());
            codes.spent.add(&self.code, nonce);
        }
        drop(codes);
        // Wakes those who wait, now that they can see what came of it.
        drop(under_way);
    }
}
