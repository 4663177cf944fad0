//! The administrator's word on risky addresses: asked for, given, or refused.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use crate::clock::Moment;

const HOUR_S: u64 = 3_600;
const DAY_S: u64 = 86_400;

#[derive(Default)]
pub(crate) struct IpControl {
    words: HashMap<(Arc<str>, IpAddr), Word>,
}

#[derive(Clone, Copy)]
enum Word {
    AskedFor { refusals: u32 },
    Agreed,
    Refused { refusals: u32, at: Moment },
}

/// Why a risky address gets no token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum IpRefused {
    /// The administrator has just been asked (89503).
    NowAsked,
    /// The administrator has not answered yet (89501).
    NotAnswered,
    /// Refused once: an hour (89507).
    ForAnHour,
    /// Refused twice: a day (89506).
    ForADay,
}

impl IpControl {
    /// A risky address asks for a token.
    pub(crate) fn admit(
        &mut self,
        now: Moment,
        app_id: &Arc<str>,
        ip: IpAddr,
    ) -> Result<(), IpRefused> {
        let key = (Arc::clone(app_id), ip);
        let refusals = match self.words.get(&key) {
            Some(Word::Agreed) => return Ok(()),
            Some(Word::AskedFor { .. }) => return Err(IpRefused::NotAnswered),
            Some(&Word::Refused { refusals, at }) => match refusals {
                1 if now < at.plus_seconds(HOUR_S) => return Err(IpRefused::ForAnHour),
                2.. if now < at.plus_seconds(DAY_S) => return Err(IpRefused::ForADay),
                refusals => refusals,
            },
            None => 0,
        };
        self.words.insert(key, Word::AskedFor { refusals });
        Err(IpRefused::NowAsked)
    }

    /// The administrator agrees, or refuses once more.
    pub(crate) fn answer(&mut self, now: Moment, app_id: &Arc<str>, ip: IpAddr, agreed: bool) {
        let key = (Arc::clone(app_id), ip);
        let before = match self.words.get(&key) {
            Some(Word::AskedFor { refusals } | Word::Refused { refusals, .. }) => *refusals,
            Some(Word::Agreed) | None => 0,
        };
        let refused = Word::Refused {
            refusals: before.saturating_add(1),
            at: now,
        };
        (self.words).insert(key, if agreed { Word::Agreed } else { refused });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const IP: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    fn at(seconds: i64) -> Moment {
        Moment::from_unix_seconds(seconds)
    }

    #[test]
    fn a_risky_address_waits_for_the_administrators_word() {
        let (mut control, app) = (IpControl::default(), Arc::from("wx1"));
        assert_eq!(control.admit(at(0), &app, IP), Err(IpRefused::NowAsked));
        assert_eq!(control.admit(at(1), &app, IP), Err(IpRefused::NotAnswered));
        control.answer(at(2), &app, IP, true);
        assert_eq!(control.admit(at(3), &app, IP), Ok(()));
    }

    #[test]
    fn one_refusal_lasts_an_hour_and_two_a_day() {
        let (mut control, app) = (IpControl::default(), Arc::from("wx1"));
        assert_eq!(control.admit(at(0), &app, IP), Err(IpRefused::NowAsked));
        control.answer(at(0), &app, IP, false);
        assert_eq!(
            control.admit(at(3_599), &app, IP),
            Err(IpRefused::ForAnHour)
        );
        assert_eq!(control.admit(at(3_600), &app, IP), Err(IpRefused::NowAsked));
        control.answer(at(3_600), &app, IP, false);
        assert_eq!(control.admit(at(89_999), &app, IP), Err(IpRefused::ForADay));
        assert_eq!(
            control.admit(at(90_000), &app, IP),
            Err(IpRefused::NowAsked)
        );
    }
}
