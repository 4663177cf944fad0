//! Who logs in, and what they bring.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::open_data::user_info_map;
use crate::programs::APP_ID;
use crate::wechat::Session;

/// How many session_keys a user has in turn. The service keeps the last three, so that each login
/// brings one that it must store.
const KEYS: u64 = 4;

/// The users of a load.
#[derive(Debug)]
pub(crate) struct Guests {
    /// Users 0 to this log in, in an order that looks like chance; a new user each time if none.
    population: Option<u64>,
    /// The encryptedData of returning users, by user and session_key: sealed before the load begins, so
    /// that the load generator has less to do. None if they bring only a code.
    data: Option<Vec<String>>,
    /// How many logins there were.
    logins: AtomicU64,
}

impl Guests {
    /// Users from 0 to `population`, who come again and again and bring a code.
    pub(crate) fn returning(population: u64) -> Arc<Self> {
        Self::of(Some(population), None)
    }

    /// The same, who also bring encryptedData. Services accept it for five minutes.
    pub(crate) fn returning_with_data(population: u64) -> Arc<Self> {
        let sessions = (0..population * KEYS).map(|place| (place / KEYS, place % KEYS));
        let data = sessions.map(|(user, key)| data(&code(user, key, 0, 0)));
        Self::of(Some(population), Some(data.collect()))
    }

    /// A new user each time, with encryptedData.
    pub(crate) fn new_each_time() -> Arc<Self> {
        Self::of(None, Some(Vec::new()))
    }

    fn of(population: Option<u64>, data: Option<Vec<String>>) -> Arc<Self> {
        Arc::new(Self {
            population: population.map(|population| population.max(1)),
            data,
            logins: AtomicU64::new(0),
        })
    }

    /// A code that was not used before. `run` distinguishes it from those of other runs.
    pub(crate) fn code(&self, run: u32) -> String {
        let (user, key, login) = self.turn(run);
        code(user, key, run, login)
    }

    /// The body of a login with such a code.
    pub(crate) fn login(&self, run: u32) -> String {
        let (user, key, login) = self.turn(run);
        let code = code(user, key, run, login);
        let Some(prepared) = &self.data else {
            return format!(r#"{{"platCode":"{code}"}}"#);
        };
        let place = usize::try_from(user * KEYS + key).ok();
        match place.and_then(|place| prepared.get(place)) {
            Some(data) => with_data(&code, data),
            None => with_data(&code, &data(&code)),
        }
    }

    /// The user, the session_key and the number of the next login.
    fn turn(&self, run: u32) -> (u64, u64, u64) {
        let login = self.logins.fetch_add(1, Ordering::Relaxed);
        let Some(population) = self.population else {
            return ((u64::from(run) << 40) + login, 0, login);
        };
        // Multiplied by a large odd number, consecutive logins are far apart in the table; every
        // user has had a turn before one has the second, if the population is a power of two,
        // and nearly so otherwise.
        let user = login.wrapping_mul(0x9E37_79B9_7F4A_7C15) % population;
        (user, login / population % KEYS, login)
    }
}

fn code(user: u64, key: u64, run: u32, login: u64) -> String {
    format!("{user}.{key}.{run:08x}{login:010}")
}

fn data(code: &str) -> String {
    user_info_map(&Session::of(code), APP_ID)
}

/// The body of a login.
pub(crate) fn with_data(code: &str, user_info_map: &str) -> String {
    format!(r#"{{"platCode":"{code}","platUserInfoMap":{user_info_map}}}"#)
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use serde_json::Value;

    use super::*;

    fn logins(guests: &Guests, count: usize) -> Vec<Value> {
        let bodies = (0..count).map(|_| guests.login(1));
        bodies
            .map(|body| serde_json::from_str(&body).unwrap())
            .collect()
    }

    #[test]
    fn prepared_data_is_sealed_for_the_session_of_the_code() {
        for body in logins(&Guests::returning_with_data(4), 40) {
            let session = Session::of(body["platCode"].as_str().unwrap());
            let iv = body["platUserInfoMap"]["iv"].as_str().unwrap();
            assert_eq!(iv, STANDARD.encode(session.iv()));
        }
    }

    #[test]
    fn a_returning_user_has_another_session_key_each_time() {
        let guests = Guests::returning_with_data(2);
        let codes = logins(&guests, 8).into_iter();
        let mut sessions: Vec<_> = codes
            .map(|body| Session::of(body["platCode"].as_str().unwrap()).key())
            .collect();
        sessions.sort_unstable();
        sessions.dedup();
        assert_eq!(sessions.len(), 8);
    }
}
