//! The latest used codes, in little memory.

use std::collections::{HashMap, VecDeque};

use crate::secret::SecretHash;

/// How many are remembered. An older one is WeChat's to refuse: it does so by itself, and memory
/// stays bounded.
const REMEMBERED: usize = 32_768;

/// The beginning of a hash: 64 bits tell these few apart, in a quarter of the memory. (Were two
/// codes alike in them, which cannot be provoked for an unknown code, the later one
/// would be refused.)
type ShortHash = [u8; 8];

#[derive(Default)]
pub(super) struct SpentCodes {
    nonces: HashMap<ShortHash, Option<ShortHash>>,
    /// The codes, oldest first.
    in_order: VecDeque<ShortHash>,
}

impl SpentCodes {
    /// The code is spent; it came with this nonce.
    pub(super) fn add(&mut self, code: &SecretHash, nonce: Option<&SecretHash>) {
        let (code, nonce) = (short(code), nonce.map(short));
        if self.nonces.insert(code, nonce).is_some() {
            return;
        }
        if self.in_order.len() == REMEMBERED
            && let Some(oldest) = self.in_order.pop_front()
        {
            self.nonces.remove(&oldest);
        }
        self.in_order.push_back(code);
    }

    pub(super) fn contains(&self, code: &SecretHash) -> bool {
        self.nonces.contains_key(&short(code))
    }

    /// Whether the code, which must be a spent one, came with this nonce.
    pub(super) fn came_with(&self, code: &SecretHash, nonce: &SecretHash) -> bool {
        self.nonces.get(&short(code)) == Some(&Some(short(nonce)))
    }
}

fn short(hash: &SecretHash) -> ShortHash {
    let (beginning, _rest) = hash.as_bytes().split_at(size_of::<ShortHash>());
    beginning.try_into().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(number: usize) -> SecretHash {
        let mut bytes = [7; 32];
        bytes[..8].copy_from_slice(&number.to_le_bytes());
        SecretHash::from_bytes(bytes)
    }

    #[test]
    fn the_oldest_are_forgotten_first_and_only_when_there_are_many() {
        let mut spent = SpentCodes::default();
        for number in 0..=REMEMBERED {
            spent.add(&hash(number), None);
        }
        assert!(!spent.contains(&hash(0)));
        assert!(spent.contains(&hash(1)));
        assert!(spent.contains(&hash(REMEMBERED)));
        assert_eq!(spent.nonces.len(), REMEMBERED);
    }

    #[test]
    fn a_code_that_is_spent_again_counts_once() {
        let mut spent = SpentCodes::default();
        spent.add(&hash(1), None);
        spent.add(&hash(1), Some(&hash(2)));
        assert_eq!(spent.in_order.len(), 1);
        assert!(spent.came_with(&hash(1), &hash(2)));
    }

    #[test]
    fn a_code_without_a_nonce_came_with_none() {
        let mut spent = SpentCodes::default();
        spent.add(&hash(1), None);
        assert!(!spent.came_with(&hash(1), &hash(2)));
        assert!(!spent.came_with(&hash(3), &hash(2)));
    }
}
