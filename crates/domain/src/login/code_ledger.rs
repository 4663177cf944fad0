//! Ensures that this replica sends a login code to WeChat at most once.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use futures_channel::oneshot;

use crate::secret::SecretHash;

/// How many spent codes are remembered. An older one is WeChat's to refuse: it does so by itself, and
/// memory stays bounded.
const REMEMBERED: usize = 32_768;

/// The beginning of a hash: 64 bits tell these few apart, in a quarter of the memory. (Were two
/// codes alike in them, which cannot be provoked for an unknown code, the later one
/// would be refused.)
type ShortHash = [u8; 8];

#[derive(Default)]
pub(super) struct CodeLedger(Mutex<Codes>);

#[derive(Default)]
struct Codes {
    under_way: HashMap<SecretHash, UnderWay>,
    /// The latest used ones, and the nonces they came with.
    spent: HashMap<ShortHash, Option<ShortHash>>,
    /// The spent ones, oldest first.
    in_order: VecDeque<ShortHash>,
}

struct UnderWay {
    nonce: Option<SecretHash>,
    /// Those who wait, to be woken by being dropped.
    repeats: Vec<oneshot::Sender<()>>,
}

/// What a request may do with a code.
pub(super) enum Claim<'a> {
    /// Exchange it: it was not exchanged yet.
    First(Turn<'a>),
    /// Wait for the first request with this code, which came with the same nonce.
    Repeat {
        /// Resolves, one way or the other, when that is answered; `None` if it has been.
        first: Option<oneshot::Receiver<()>>,
        nonce: SecretHash,
    },
    /// Nothing: another request exchanges it.
    Spent,
}

impl CodeLedger {
    pub(super) fn claim(&self, code: SecretHash, nonce: Option<SecretHash>) -> Claim<'_> {
        let mut codes = self.lock();
        if let Some(under_way) = codes.under_way.get_mut(&code) {
            let Some(nonce) = nonce.filter(|nonce| under_way.nonce == Some(*nonce)) else {
                return Claim::Spent;
            };
            let (wake, done) = oneshot::channel();
            under_way.repeats.push(wake);
            let first = Some(done);
            return Claim::Repeat { first, nonce };
        }
        if let Some(came_with) = codes.spent.get(&short(&code)) {
            return match nonce.filter(|nonce| *came_with == Some(short(nonce))) {
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
        self.lock().spent.contains_key(&short(code))
    }

    fn lock(&self) -> MutexGuard<'_, Codes> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Codes {
    fn spend(&mut self, code: &SecretHash, nonce: Option<&SecretHash>) {
        let (code, nonce) = (short(code), nonce.map(short));
        if self.spent.insert(code, nonce).is_some() {
            return;
        }
        if self.in_order.len() == REMEMBERED
            && let Some(oldest) = self.in_order.pop_front()
        {
            self.spent.remove(&oldest);
        }
        self.in_order.push_back(code);
    }
}

fn short(hash: &SecretHash) -> ShortHash {
    let (beginning, _rest) = hash.as_bytes().split_at(size_of::<ShortHash>());
    beginning.try_into().unwrap_or_default()
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
            codes.spend(&self.code, nonce);
        }
        drop(codes);
        // Wakes those who wait, now that they can see what came of it.
        drop(under_way);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(number: usize) -> SecretHash {
        let mut bytes = [7; 32];
        bytes[..8].copy_from_slice(&number.to_le_bytes());
        SecretHash::from_bytes(bytes)
    }

    /// Whether a request with this code and nonce is taken for a repeat.
    fn is_repeat(ledger: &CodeLedger, code: usize, nonce: usize) -> bool {
        let claim = ledger.claim(hash(code), Some(hash(nonce)));
        matches!(claim, Claim::Repeat { .. })
    }

    #[test]
    fn the_oldest_are_forgotten_first_and_only_when_there_are_many() {
        let ledger = CodeLedger::default();
        for number in 0..=REMEMBERED {
            ledger.lock().spend(&hash(number), None);
        }
        assert!(!ledger.is_spent(&hash(0)));
        assert!(ledger.is_spent(&hash(1)));
        assert!(ledger.is_spent(&hash(REMEMBERED)));
        assert_eq!(ledger.lock().spent.len(), REMEMBERED);
    }

    #[test]
    fn a_code_that_is_spent_again_counts_once() {
        let ledger = CodeLedger::default();
        ledger.lock().spend(&hash(1), None);
        ledger.lock().spend(&hash(1), Some(&hash(2)));
        assert_eq!(ledger.lock().in_order.len(), 1);
        assert!(is_repeat(&ledger, 1, 2));
    }

    #[test]
    fn a_code_without_a_nonce_came_with_none() {
        let ledger = CodeLedger::default();
        ledger.lock().spend(&hash(1), None);
        assert!(!is_repeat(&ledger, 1, 2));
        assert!(!is_repeat(&ledger, 3, 2));
    }
}
