//! `wx.chooseInvoice` and `wx.chooseInvoiceTitle`, which are not encrypted.

use serde_json::{Value, json};

use super::Phone;

impl Phone {
    /// `wx.chooseInvoice`: `invoiceInfo` is a JSON text.
    pub fn choose_invoice(&self) -> Value {
        let invoice = json!([{
            "card_id": self.world.derive.group_id(&self.app.id, "invoice"),
            "encrypt_code": self.world.dice.hex64(),
            "app_id": &*self.app.id,
        }]);
        json!({"errMsg": "chooseInvoice:ok", "invoiceInfo": invoice.to_string()})
    }

    /// `wx.chooseInvoiceTitle`: a person's title (`type` 1).
    pub fn choose_invoice_title(&self) -> Value {
        json!({
            "errMsg": "chooseInvoiceTitle:ok",
            "type": "1",
            "title": self.user.config.profile.nick_name,
            "taxNumber": "",
            "companyAddress": "",
            "telephone": "",
            "bankName": "",
            "bankAccount": "",
        })
    }
}
