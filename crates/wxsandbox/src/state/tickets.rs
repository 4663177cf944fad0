//! component_verify_ticket: WeChat sends a third-party platform a new one every ten minutes, and
//! each is good for twelve hours.

use std::collections::HashMap;
use std::sync::Arc;

use crate::clock::Moment;

const EVERY_S: u64 = 600;
const LIFE_S: u64 = 12 * 3_600;

#[derive(Default)]
pub(crate) struct Tickets {
    by_component: HashMap<Arc<str>, Vec<Ticket>>,
}

struct Ticket {
    text: String,
    sent: Moment,
}

/// Why a ticket is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TicketRefused {
    Expired,
    Invalid,
}

impl Tickets {
    /// The ticket of these ten minutes; `fresh` if a new one is due.
    pub(crate) fn current(&mut self, now: Moment, component: &Arc<str>, fresh: &str) -> String {
        let tickets = self.by_component.entry(Arc::clone(component)).or_default();
        if let Some(last) = tickets.last()
            && now < last.sent.plus_seconds(EVERY_S)
        {
            return last.text.clone();
        }
        // An expired ticket is distinguished from an unknown one for the length of its lifetime.
        tickets.retain(|ticket| now < ticket.sent.plus_seconds(2 * LIFE_S));
        tickets.push(Ticket {
            text: fresh.to_owned(),
            sent: now,
        });
        fresh.to_owned()
    }

    pub(crate) fn check(
        &self,
        now: Moment,
        component: &str,
        text: &str,
    ) -> Result<(), TicketRefused> {
        let tickets = self.by_component.get(component);
        let mut tickets = tickets.into_iter().flatten();
        let ticket = tickets.find(|ticket| ticket.text == text);
        let ticket = ticket.ok_or(TicketRefused::Invalid)?;
        if now < ticket.sent.plus_seconds(LIFE_S) {
            Ok(())
        } else {
            Err(TicketRefused::Expired)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_comes_every_ten_minutes_and_lives_twelve_hours() {
        let at = Moment::from_unix_seconds;
        let (mut tickets, component) = (Tickets::default(), Arc::from("wx1"));
        assert_eq!(tickets.current(at(0), &component, "one"), "one");
        assert_eq!(tickets.current(at(599), &component, "two"), "one");
        assert_eq!(tickets.current(at(600), &component, "three"), "three");
        assert_eq!(tickets.check(at(43_199), "wx1", "one"), Ok(()));
        let late = tickets.check(at(43_200), "wx1", "one");
        assert_eq!(late, Err(TicketRefused::Expired));
        let unknown = tickets.check(at(0), "wx1", "two");
        assert_eq!(unknown, Err(TicketRefused::Invalid));
    }
}
