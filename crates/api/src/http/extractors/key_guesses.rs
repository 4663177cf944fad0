//! Guessed API keys: limited per address, and logged.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::time::{Duration, Instant};

use governor::Quota;
use quick_cache::sync::Cache;

use super::client_address::network_of;
use super::limits::Limit;

/// Wrong keys of one address that are judged at once; then one a second. Sixty leave a backend with an
/// outdated key its plain 401 for a while, and a key of 16 characters outlasts one guess a second.
const BURST: u32 = 60;

/// How long an address is known for a right key. Behind a proxy that is not declared as trusted
/// others share it, and their guesses must not shut its owner out.
const KNOWN_FOR: Duration = Duration::from_hours(1);

/// How many addresses are remembered, of either kind.
const ADDRESSES: usize = 1_024;

pub(crate) struct KeyGuesses {
    pub(crate) wrong: Limit<IpAddr>,
    /// Until when no key of an address is judged.
    blocked_until: Cache<IpAddr, Instant>,
    /// When a right key last came from an address.
    right_at: Cache<IpAddr, Instant>,
}

impl Default for KeyGuesses {
    fn default() -> Self {
        let burst = NonZeroU32::new(BURST).unwrap_or(NonZeroU32::MIN);
        let quota = Quota::per_second(NonZeroU32::MIN).allow_burst(burst);
        Self {
            wrong: Limit::new(quota),
            blocked_until: Cache::new(ADDRESSES),
            right_at: Cache::new(ADDRESSES),
        }
    }
}

impl KeyGuesses {
    /// Whether a key from `address` may be told right or wrong.
    pub(crate) fn judge(&self, address: IpAddr, is_right: bool) -> Result<(), Duration> {
        let (address, now) = (network_of(address), Instant::now());
        if is_right {
            return self.judge_right(address, now);
        }
        let Err(wait) = self.wrong.count(&address) else {
            tracing::warn!(%address, "a wrong API key was presented");
            return Ok(());
        };
        self.blocked_until.insert(address, now + wait);
        Err(wait)
    }

    fn judge_right(&self, address: IpAddr, now: Instant) -> Result<(), Duration> {
        let known_at = self.right_at.get(&address);
        if known_at.is_some_and(|at| now < at + KNOWN_FOR) {
            return Ok(());
        }
        if let Some(until) = self.blocked_until.get(&address)
            && now < until
        {
            return Err(until - now);
        }
        self.right_at.insert(address, now);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(last: u8) -> IpAddr {
        IpAddr::from([198, 51, 100, last])
    }

    fn guess_until_blocked(guesses: &KeyGuesses) -> Duration {
        (0..100)
            .find_map(|_| guesses.judge(address(1), false).err())
            .unwrap()
    }

    #[test]
    fn guesses_are_slowed_for_one_address_and_not_for_another() {
        let guesses = KeyGuesses::default();
        let wait = guess_until_blocked(&guesses);
        assert!(wait <= Duration::from_secs(1), "{wait:?}");
        assert!(
            guesses.judge(address(1), true).is_err(),
            "a guess may be right"
        );
        assert!(guesses.judge(address(2), true).is_ok());
        assert!(guesses.judge(address(2), false).is_ok());
    }

    #[test]
    fn the_owner_of_a_key_is_not_shut_out_by_others_at_the_same_address() {
        let guesses = KeyGuesses::default();
        guesses.judge(address(1), true).unwrap();
        guess_until_blocked(&guesses);
        assert!(guesses.judge(address(1), true).is_ok());
        assert!(guesses.judge(address(1), false).is_err());
    }
}
