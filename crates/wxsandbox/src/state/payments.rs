//! Orders paid with WeChat Pay, which vouch for a unionid for five minutes
//! (<https://developers.weixin.qq.com/miniprogram/dev/server/API/user-info/basic-info/api_getpaidunionid.html>).

use std::collections::VecDeque;

use super::Identity;
use crate::clock::Moment;

const VOUCHES_S: u64 = 300;

#[derive(Default)]
pub(crate) struct Payments(VecDeque<Payment>);

struct Payment {
    identity: Identity,
    order: PaidOrder,
    paid: Moment,
}

/// How an order is named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PaidOrder {
    pub(crate) transaction_id: String,
    pub(crate) mch_id: String,
    pub(crate) out_trade_no: String,
}

/// How a caller names an order.
#[derive(Clone, Copy, Debug)]
pub(crate) enum OrderName<'a> {
    Transaction(&'a str),
    Merchant {
        mch_id: &'a str,
        out_trade_no: &'a str,
    },
}

impl Payments {
    pub(crate) fn pay(&mut self, now: Moment, identity: Identity, order: PaidOrder) {
        self.0.retain(|payment| payment.vouches(now));
        self.0.push_back(Payment {
            identity,
            order,
            paid: now,
        });
    }

    /// Whether this user paid this order just now.
    pub(crate) fn vouch(&self, now: Moment, identity: &Identity, name: OrderName<'_>) -> bool {
        let mut payments = self.0.iter();
        payments.any(|payment| {
            payment.vouches(now) && payment.identity == *identity && payment.order.is(name)
        })
    }
}

impl Payment {
    fn vouches(&self, now: Moment) -> bool {
        now < self.paid.plus_seconds(VOUCHES_S)
    }
}

impl PaidOrder {
    fn is(&self, name: OrderName<'_>) -> bool {
        match name {
            OrderName::Transaction(id) => self.transaction_id == id,
            OrderName::Merchant {
                mch_id,
                out_trade_no,
            } => self.mch_id == mch_id && self.out_trade_no == out_trade_no,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payment_vouches_for_its_payer_for_five_minutes() {
        let who = |openid: &str| Identity {
            openid: openid.into(),
            app_id: "wx1".into(),
            user: openid.into(),
        };
        let order = PaidOrder {
            transaction_id: "t".to_owned(),
            mch_id: "m".to_owned(),
            out_trade_no: "n".to_owned(),
        };
        let mut payments = Payments::default();
        payments.pay(Moment::from_unix_seconds(0), who("alice"), order);
        let by_merchant = OrderName::Merchant {
            mch_id: "m",
            out_trade_no: "n",
        };
        let (early, late) = (
            Moment::from_unix_seconds(299),
            Moment::from_unix_seconds(300),
        );
        assert!(payments.vouch(early, &who("alice"), by_merchant));
        assert!(payments.vouch(early, &who("alice"), OrderName::Transaction("t")));
        assert!(!payments.vouch(early, &who("bob"), by_merchant));
        assert!(!payments.vouch(late, &who("alice"), by_merchant));
    }
}
