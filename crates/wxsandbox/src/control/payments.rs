//! Virtual payment, from the console's side.

use super::{Control, ControlError};
use crate::push;
use crate::state::notices::PaymentNotice;
use crate::state::purses::NotRefunded;

impl Control {
    /// Refunds `fee` (in fen) of an order, or the whole rest of it, and pushes a message to the app's server.
    ///
    /// # Errors
    /// If there is no such app or order, or less is left of it.
    pub fn refund(
        &self,
        app_id: &str,
        out_trade_no: &str,
        fee: Option<u64>,
    ) -> Result<(), ControlError> {
        self.app(app_id)?;
        let refund = self.world.purses().refund(app_id, out_trade_no, fee);
        let (order, fee) = refund.map_err(|refusal| match refusal {
            NotRefunded::NoSuchOrder => ControlError::NoOrder(out_trade_no.to_owned()),
            NotRefunded::TooMuch { left } => ControlError::RefundTooMuch { left },
        })?;
        let message = push::refunded(&self.world, &order, fee);
        self.world.tell(app_id, message);
        Ok(())
    }

    /// The messages on payments in this app, the oldest first.
    pub fn payment_notices(&self, app_id: &str) -> Vec<PaymentNotice> {
        self.world.notices().of_app(app_id)
    }

    /// Sends now what waits for its next attempt; how many messages those are.
    pub fn hurry_payment_notices(&self, app_id: &str) -> usize {
        let count = self.world.notices().hurry(self.now(), app_id);
        self.world.notices_changed.notify_one();
        count
    }
}
