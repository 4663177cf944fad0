//! Orders of virtual payment, and the coins users have bought.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use super::Identity;
use crate::clock::Moment;

/// Live (0) or WeChat's own sandbox (1).
pub(crate) type Env = i64;

#[derive(Default)]
pub(crate) struct Purses {
    /// By app and order number, which WeChat takes once.
    orders: HashMap<(String, String), Order>,
    /// By openid.
    coins: HashMap<(String, Env), Coins>,
    /// The orders that coins were spent on, by app.
    spent: HashSet<(String, String)>,
}

/// An order that was paid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Order {
    pub(crate) payer: Identity,
    pub(crate) number: String,
    pub(crate) env: Env,
    pub(crate) bought: Bought,
    pub(crate) quantity: u64,
    /// What was paid, in fen.
    pub(crate) fee: u64,
    pub(crate) attach: String,
    /// WeChat's own number of the order.
    pub(crate) wx_order_id: String,
    /// WeChat Pay's number.
    pub(crate) transaction_id: String,
    pub(crate) paid: Moment,
    /// What has gone back to the payer, in fen.
    pub(crate) refunded: u64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Bought {
    Goods { product_id: String, price: u64 },
    Coins,
}

/// What a user has of an app's coins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Coins {
    pub(crate) bought: u64,
    pub(crate) spent: u64,
}

/// Why coins are not spent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotSpent {
    /// This order was paid before.
    Repeated,
    TooFew,
}

/// Why an order is not refunded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotRefunded {
    NoSuchOrder,
    /// More than is left of what was paid.
    TooMuch {
        left: u64,
    },
}

impl Coins {
    pub(crate) const fn left(self) -> u64 {
        self.bought.saturating_sub(self.spent)
    }
}

impl Purses {
    /// Takes the payment; `false` if there is an order of this number.
    pub(crate) fn pay(&mut self, order: &Order) -> bool {
        let name = (order.payer.app_id.to_string(), order.number.clone());
        let Entry::Vacant(free) = self.orders.entry(name) else {
            return false;
        };
        free.insert(order.clone());
        if order.bought == Bought::Coins {
            let purse = (order.payer.openid.to_string(), order.env);
            let coins = self.coins.entry(purse).or_default();
            coins.bought = coins.bought.saturating_add(order.quantity);
        }
        true
    }

    pub(crate) fn coins(&self, openid: &str, env: Env) -> Coins {
        let coins = self.coins.get(&(openid.to_owned(), env));
        coins.copied().unwrap_or_default()
    }

    /// Spends coins on an order of the app; what is left.
    pub(crate) fn spend(
        &mut self,
        payer: &Identity,
        env: Env,
        order_id: &str,
        amount: u64,
    ) -> Result<u64, NotSpent> {
        let order = (payer.app_id.to_string(), order_id.to_owned());
        if self.spent.contains(&order) {
            return Err(NotSpent::Repeated);
        }
        let purse = (payer.openid.to_string(), env);
        let coins = self.coins.entry(purse).or_default();
        if coins.left() < amount {
            return Err(NotSpent::TooFew);
        }
        coins.spent += amount;
        let left = coins.left();
        self.spent.insert(order);
        Ok(left)
    }

    /// Gives `fee` of an order back, or all that is left of it.
    pub(crate) fn refund(
        &mut self,
        app_id: &str,
        number: &str,
        fee: Option<u64>,
    ) -> Result<(Order, u64), NotRefunded> {
        let order = self.orders.get_mut(&(app_id.to_owned(), number.to_owned()));
        let order = order.ok_or(NotRefunded::NoSuchOrder)?;
        let left = order.fee - order.refunded;
        let fee = fee.unwrap_or(left);
        if fee == 0 || fee > left {
            return Err(NotRefunded::TooMuch { left });
        }
        order.refunded += fee;
        Ok((order.clone(), fee))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(number: &str, bought: Bought) -> Order {
        let payer = Identity {
            openid: "o1".into(),
            app_id: "wx1".into(),
            user: "alice".into(),
        };
        Order {
            payer,
            number: number.to_owned(),
            env: 0,
            bought,
            quantity: 10,
            fee: 100,
            attach: String::new(),
            wx_order_id: String::new(),
            transaction_id: String::new(),
            paid: Moment::from_unix_seconds(0),
            refunded: 0,
        }
    }

    #[test]
    fn a_number_is_paid_once() {
        let mut purses = Purses::default();
        assert!(purses.pay(&order("order001", Bought::Coins)));
        assert!(!purses.pay(&order("order001", Bought::Coins)));
        assert_eq!(purses.coins("o1", 0).left(), 10);
    }

    #[test]
    fn coins_are_spent_once_for_an_order_and_only_those_there_are() {
        let (mut purses, paid) = (Purses::default(), order("order001", Bought::Coins));
        purses.pay(&paid);
        assert_eq!(purses.spend(&paid.payer, 0, "a", 7), Ok(3));
        assert_eq!(
            purses.spend(&paid.payer, 0, "a", 1),
            Err(NotSpent::Repeated)
        );
        assert_eq!(purses.spend(&paid.payer, 0, "b", 4), Err(NotSpent::TooFew));
        assert_eq!(purses.spend(&paid.payer, 1, "b", 1), Err(NotSpent::TooFew));
        assert_eq!(purses.spend(&paid.payer, 0, "b", 3), Ok(0));
    }

    #[test]
    fn no_more_goes_back_than_was_paid() {
        let mut purses = Purses::default();
        purses.pay(&order("order001", Bought::Coins));
        let (_, fee) = purses.refund("wx1", "order001", Some(40)).unwrap();
        assert_eq!(fee, 40);
        let over = purses.refund("wx1", "order001", Some(61));
        assert_eq!(over.unwrap_err(), NotRefunded::TooMuch { left: 60 });
        assert_eq!(purses.refund("wx1", "order001", None).unwrap().1, 60);
        let unknown = purses.refund("wx1", "order002", None);
        assert_eq!(unknown.unwrap_err(), NotRefunded::NoSuchOrder);
    }
}
