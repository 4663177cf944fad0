//! A bound on the bodies that are on their way: on those of one address, and on all together.

use std::net::IpAddr;

use parking_lot::Mutex;
use tokio::sync::oneshot;

use crate::http::connections::crowd::Crowd;
use crate::http::extractors::client_address::network_of;

/// How many bodies of one address may be on their way. A body of a mini program is there within a
/// round trip of its head, so even behind a proxy that is not declared as trusted, and passes bodies
/// on as they come, 64 are enough for some hundred requests a second.
const PER_ADDRESS: usize = 64;

/// How many of all addresses, and how many bytes they may hold together.
const IN_ALL: usize = 512;
const BYTES_IN_ALL: usize = 64 << 20;

/// The bodies on their way. One too many takes the place of the oldest one, so a slow body loses
/// its place, and one that is sent at once keeps it, whatever others of its address do.
pub(crate) struct Unfinished {
    in_all: usize,
    /// Each sender is dropped when the place is lost.
    crowd: Mutex<Crowd<Option<IpAddr>, oneshot::Sender<()>>>,
}

/// The place of one body, until it is dropped or lost.
pub(crate) struct Place<'a> {
    unfinished: &'a Unfinished,
    address: Option<IpAddr>,
    number: u64,
    held: oneshot::Receiver<()>,
}

impl Unfinished {
    /// For bodies of up to `max_bytes`.
    pub(crate) fn new(max_bytes: usize) -> Self {
        let fitting = BYTES_IN_ALL / max_bytes.max(1);
        Self {
            in_all: fitting.clamp(16, IN_ALL),
            crowd: Mutex::default(),
        }
    }

    /// Takes a place for a body of `address`, if need be from the oldest one of that address, or of
    /// the address that has most.
    pub(crate) fn enter(&self, address: Option<IpAddr>) -> Place<'_> {
        let address = address.map(network_of);
        let (held_by_crowd, held) = oneshot::channel();
        let mut crowd = self.crowd.lock();
        let number = crowd.enter(address, held_by_crowd);
        let crowded = if crowd.count_of(address) > PER_ADDRESS {
            Some(address)
        } else if crowd.count() > self.in_all {
            crowd.fullest(|_| ())
        } else {
            None
        };
        let lost = crowded.and_then(|address| crowd.take_oldest(address, |_| true));
        drop(crowd);
        drop(lost);
        Place {
            unfinished: self,
            address,
            number,
            held,
        }
    }
}

impl Place<'_> {
    /// Resolves when the place has been taken by another body.
    pub(crate) async fn lost(&mut self) {
        // The sender is dropped and never sends.
        let _ = (&mut self.held).await;
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let crowd = &self.unfinished.crowd;
        let held = crowd.lock().remove(self.address, self.number);
        drop(held);
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot::error::TryRecvError;

    use super::*;

    fn address(last: u8) -> IpAddr {
        IpAddr::from([198, 51, 100, last])
    }

    fn is_lost(place: &mut Place<'_>) -> bool {
        place.held.try_recv() == Err(TryRecvError::Closed)
    }

    #[test]
    fn one_too_many_of_an_address_takes_the_place_of_its_oldest() {
        let unfinished = Unfinished::new(1);
        let mut other = unfinished.enter(Some(address(2)));
        let mut places: Vec<_> = (0..=PER_ADDRESS)
            .map(|_| unfinished.enter(Some(address(1))))
            .collect();
        let lost: Vec<_> = places.iter_mut().map(is_lost).collect();
        assert_eq!(lost.iter().position(|lost| *lost), Some(0));
        assert_eq!(lost.iter().filter(|lost| **lost).count(), 1);
        assert!(!is_lost(&mut other));
    }

    #[test]
    fn one_too_many_in_all_takes_the_place_of_the_address_that_has_most() {
        let unfinished = Unfinished::new(BYTES_IN_ALL / 20);
        let mut few: Vec<_> = (2..12)
            .map(|last| unfinished.enter(Some(address(last))))
            .collect();
        let mut many: Vec<_> = (0..11)
            .map(|_| unfinished.enter(Some(address(1))))
            .collect();
        let lost = many.iter_mut().map(is_lost).filter(|is_lost| *is_lost);
        assert_eq!(lost.count(), 1);
        assert!(is_lost(&mut many[0]));
        assert!(!few.iter_mut().any(is_lost));
    }

    #[test]
    fn a_place_that_is_left_is_free_again() {
        let unfinished = Unfinished::new(1);
        for _ in 0..3 * PER_ADDRESS {
            let mut place = unfinished.enter(Some(address(1)));
            assert!(!is_lost(&mut place));
        }
        assert_eq!(unfinished.crowd.lock().count(), 0);
    }
}
