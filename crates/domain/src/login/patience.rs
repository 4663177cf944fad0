//! The number of logins that may wait for another replica at the same time.

use std::sync::atomic::{AtomicUsize, Ordering};

/// The most logins that wait for long. Each takes one of `limits.max_inflight` (1024) places, and
/// anyone can make one wait with a wrong code and a nonce: an eighth of the places.
const PLACES: usize = 128;

#[derive(Default)]
pub(super) struct Patience {
    taken: AtomicUsize,
}

/// A place, which is given back when it is dropped.
pub(super) struct Place<'a>(&'a Patience);

impl Patience {
    pub(super) fn take(&self) -> Option<Place<'_>> {
        let place = Place(self);
        (self.taken.fetch_add(1, Ordering::Relaxed) < PLACES).then_some(place)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.taken.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_bounded_and_given_back() {
        let patience = Patience::default();
        let mut places: Vec<_> = (0..PLACES).map(|_| patience.take()).collect();
        assert!(places.iter().all(Option::is_some));
        assert!(patience.take().is_none());
        places.pop();
        assert!(patience.take().is_some());
        drop(places);
        assert_eq!(patience.taken.load(Ordering::Relaxed), 0);
    }
}
