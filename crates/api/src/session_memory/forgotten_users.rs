//! Users of whom something has changed, and when: what was learnt of them before that is not
//! believed.

use std::collections::HashMap;

use domain::id::UserId;
use parking_lot::RwLock;

use super::Moment;

/// How many are distinguished. Beyond that, all entries that were read earlier are invalid.
const MOST: usize = 20_000;

#[derive(Default)]
pub(super) struct ForgottenUsers(RwLock<State>);

#[derive(Default)]
struct State {
    users: HashMap<UserId, Forgotten>,
    everybody: Moment,
}

struct Forgotten {
    moment: Moment,
    /// In ms, on the clock of the memory.
    at: u64,
}

impl ForgottenUsers {
    /// The last moment before which nothing about this user is believed.
    pub(super) fn forgotten_at(&self, user: UserId) -> Moment {
        let state = self.0.read();
        match state.users.get(&user) {
            Some(forgotten) => forgotten.moment,
            None => state.everybody,
        }
    }

    pub(super) fn forget(&self, user: UserId, moment: Moment, at: u64) {
        let mut state = self.0.write();
        if state.users.len() >= MOST {
            state.forget_everybody(moment);
        }
        state.users.insert(user, Forgotten { moment, at });
    }

    pub(super) fn forget_everybody(&self, moment: Moment) {
        self.0.write().forget_everybody(moment);
    }

    /// Drops those forgotten before `at`, when nothing is remembered that is so old.
    pub(super) fn drop_older_than(&self, at: u64) {
        let users = &mut self.0.write().users;
        users.retain(|_, forgotten| forgotten.at >= at);
    }
}

impl State {
    fn forget_everybody(&mut self, moment: Moment) {
        self.users.clear();
        self.everybody = moment;
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn user() -> UserId {
        UserId::new(Uuid::now_v7())
    }

    #[test]
    fn a_user_is_forgotten_until_nothing_older_is_remembered() {
        let (users, one, other) = (ForgottenUsers::default(), user(), user());
        users.forget(one, Moment(7), 100);
        users.drop_older_than(100);
        assert_eq!(users.forgotten_at(one), Moment(7));
        assert_eq!(users.forgotten_at(other), Moment(0));
        users.drop_older_than(101);
        assert_eq!(users.forgotten_at(one), Moment(0));
    }

    #[test]
    fn more_than_can_be_told_apart_are_all_forgotten() {
        let (users, one) = (ForgottenUsers::default(), user());
        users.forget(one, Moment(1), 0);
        for moment in 2..=MOST as u64 + 1 {
            users.forget(user(), Moment(moment), 0);
        }
        assert_eq!(users.forgotten_at(one), Moment(MOST as u64 + 1));
        assert_eq!(users.forgotten_at(user()), Moment(MOST as u64 + 1));
    }
}
