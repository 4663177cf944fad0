//! What wx.chooseInvoice and wx.chooseInvoiceTitle give. It is neither encrypted nor signed, so
//! a server cannot trust it, and it is not a [`Payload`](super::Payload).

use serde::Deserialize;

use crate::lenient;

/// An invoice of wx.chooseInvoice
/// (<https://developers.weixin.qq.com/miniprogram/dev/api/open-api/invoice/wx.chooseInvoice.html>).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Invoice {
    /// The card that holds the invoice.
    #[serde(deserialize_with = "lenient::required_text")]
    pub card_id: String,
    /// Code to ask WeChat for the invoice with.
    #[serde(deserialize_with = "lenient::required_text")]
    pub encrypt_code: String,
    /// The app that issued it.
    #[serde(deserialize_with = "lenient::required_text")]
    pub app_id: String,
}

impl Invoice {
    /// Reads `invoiceInfo`, which is an array as JSON **text**.
    ///
    /// # Errors
    /// If it is not an array of invoices.
    pub fn read_all(invoice_info: &str) -> Result<Vec<Self>, serde_json::Error> {
        serde_json::from_str(invoice_info)
    }
}

/// Whom an invoice is for: the result of wx.chooseInvoiceTitle
/// (<https://developers.weixin.qq.com/miniprogram/dev/api/open-api/invoice/wx.chooseInvoiceTitle.html>).
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct InvoiceTitle {
    /// `0` a company, `1` a person.
    #[serde(rename = "type", default, deserialize_with = "lenient::filled_text")]
    pub kind: Option<String>,
    /// The name on the invoice.
    #[serde(default, deserialize_with = "lenient::filled_text")]
    pub title: Option<String>,
    /// Tax number.
    #[serde(default, deserialize_with = "lenient::filled_text")]
    pub tax_number: Option<String>,
    /// Address.
    #[serde(default, deserialize_with = "lenient::filled_text")]
    pub company_address: Option<String>,
    /// Telephone.
    #[serde(default, deserialize_with = "lenient::filled_text")]
    pub telephone: Option<String>,
    /// Bank.
    #[serde(default, deserialize_with = "lenient::filled_text")]
    pub bank_name: Option<String>,
    /// Bank account.
    #[serde(default, deserialize_with = "lenient::filled_text")]
    pub bank_account: Option<String>,
}
