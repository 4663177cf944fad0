//! A list of waiting connections by address, each in the order of arrival.

use std::cmp::Reverse;
use std::collections::{HashMap, VecDeque};
use std::hash::Hash;

/// How many of a list are looked at for one that may be taken out.
const LOOKED_AT: usize = 64;

/// Items by `K`. Each has a number, by which it is found again.
pub(crate) struct Crowd<K, T> {
    next: u64,
    count: usize,
    lists: HashMap<K, VecDeque<(u64, T)>>,
}

impl<K: Eq + Hash + Copy, T> Crowd<K, T> {
    pub(crate) fn enter(&mut self, from: K, item: T) -> u64 {
        let number = self.next;
        self.next += 1;
        self.count += 1;
        let list = self.lists.entry(from).or_default();
        list.push_back((number, item));
        number
    }

    pub(crate) fn count(&self) -> usize {
        self.count
    }

    pub(crate) fn count_of(&self, from: K) -> usize {
        self.lists.get(&from).map_or(0, VecDeque::len)
    }

    /// Who has most among those of the highest `rank`; of several, the one with the oldest item.
    pub(crate) fn fullest<R: Ord>(&self, rank: impl Fn(K) -> R) -> Option<K> {
        let weight = |(from, list): &(&K, &VecDeque<(u64, T)>)| {
            let oldest = list.front().map(|(number, _)| Reverse(*number));
            (rank(**from), list.len(), oldest)
        };
        self.lists.iter().max_by_key(weight).map(|(from, _)| *from)
    }

    /// Takes the oldest item of `from` that may go.
    pub(crate) fn take_oldest(&mut self, from: K, may_go: impl Fn(&T) -> bool) -> Option<T> {
        let mut first = self.lists.get(&from)?.iter().take(LOOKED_AT);
        let (number, _) = first.find(|(_, item)| may_go(item))?;
        self.remove(from, *number)
    }

    /// Takes the item with this number, if it is still there.
    pub(crate) fn remove(&mut self, from: K, number: u64) -> Option<T> {
        let list = self.lists.get_mut(&from)?;
        let index = list.binary_search_by_key(&number, |(number, _)| *number);
        let (_, item) = list.remove(index.ok()?)?;
        self.count -= 1;
        if list.is_empty() {
            self.lists.remove(&from);
        }
        Some(item)
    }

    /// Takes every item for which `goes` says so.
    pub(crate) fn take_all(&mut self, mut goes: impl FnMut(&mut T) -> bool) -> Vec<T> {
        let mut leaving = Vec::new();
        for (from, list) in &mut self.lists {
            for (number, item) in list {
                if goes(item) {
                    leaving.push((*from, *number));
                }
            }
        }
        let taken = leaving.into_iter();
        taken
            .filter_map(|(from, number)| self.remove(from, number))
            .collect()
    }
}

impl<K, T> Default for Crowd<K, T> {
    fn default() -> Self {
        Self {
            next: 0,
            count: 0,
            lists: HashMap::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn crowd(items: &[(&'static str, u32)]) -> Crowd<&'static str, u32> {
        let mut crowd = Crowd::default();
        for (from, item) in items {
            crowd.enter(*from, *item);
        }
        crowd
    }

    #[test]
    fn the_fullest_has_most_of_the_highest_rank_and_of_several_the_oldest() {
        let crowd = crowd(&[("c", 1), ("a", 2), ("a", 3), ("b", 4), ("b", 5)]);
        assert_eq!(crowd.fullest(|_| ()), Some("a"));
        assert_eq!(crowd.fullest(|from| from != "a"), Some("b"));
        assert_eq!(crowd.fullest(|from| from == "c"), Some("c"));
    }

    #[test]
    fn the_oldest_that_may_go_is_taken() {
        let mut crowd = crowd(&[("a", 1), ("a", 2), ("a", 3)]);
        assert_eq!(crowd.take_oldest("a", |item| *item != 1), Some(2));
        assert_eq!(crowd.take_oldest("a", |item| *item > 3), None);
        assert_eq!(crowd.take_oldest("b", |_| true), None);
        assert_eq!((crowd.count(), crowd.count_of("a")), (2, 2));
    }

    #[test]
    fn what_was_taken_is_not_found_again() {
        let mut crowd = crowd(&[]);
        let number = crowd.enter("a", 1);
        assert_eq!(crowd.take_all(|_| true), [1]);
        assert_eq!(crowd.remove("a", number), None);
        assert_eq!((crowd.count(), crowd.lists.len()), (0, 0));
    }
}
