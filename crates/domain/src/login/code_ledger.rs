//! Sees to it that this replica sends a login code to WeChat at most once.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};

use super::spent_codes::SpentCodes;
use crate::secret::SecretHash;

/// The codes under way and the latest spent ones.
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
    done: Done,
}

/// Resolves when the first request with a code has been answered.
pub(super) type Done = Shared<BoxFuture<'static, ()>>;

/// What a request may do with a code.
pub(super) enum Claim<'a> {
    /// Exchange it: nobody has.
    First(Turn<'a>),
    /// Wait for the first request with this code, which came with the same nonce.
    Repeat {
        /// When that is answered.
        first: Done,
        /// The nonce both came with.
        nonce: SecretHash,
    },
    /// Nothing: somebody else has it.
    Spent,
}

impl CodeLedger {
    pub(super) fn claim(&self, code: SecretHash, nonce: Option<SecretHash>) -> Claim<'_> {
        let mut codes = self.lock();
        let (is_repeat, first) = if let Some(under_way) = codes.under_way.get(&code) {
            (under_way.nonce == nonce, under_way.done.clone())
        } else if codes.spent.contains(&code) {
            let is_repeat = nonce.is_some_and(|nonce| codes.spent.came_with(&code, &nonce));
            (is_repeat, std::future::ready(()).boxed().shared())
        } else {
            let (finish, finished) = futures_channel::oneshot::channel::<()>();
            let done = finished.map(|_| ()).boxed().shared();
            codes.under_way.insert(code, UnderWay { nonce, done });
            return Claim::First(Turn {
                ledger: self,
                code,
                is_spent: true,
                _finish: finish,
            });
        };
        match nonce {
            Some(nonce) if is_repeat => Claim::Repeat { first, nonce },
            _ => Claim::Spent,
        }
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
    /// Wakes those who wait, by being dropped, after the code has moved out of `under_way`.
    _finish: futures_channel::oneshot::Sender<()>,
}

impl Turn<'_> {
    /// The code was certainly not consumed: somebody may try it again.
    pub(super) fn give_back(mut self) {
        self.is_spent = false;
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut codes = self.ledger.lock();
        let under_way = codes.under_way.remove(&self.code);
        if !self.is_spent {
            return;
        }
        let nonce = under_way.and_then(|under_way| under_way.nonce);
        codes.spent.add(&self.code, nonce.as_ref());
    }
}
