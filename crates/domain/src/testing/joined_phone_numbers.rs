//! Phone numbers without numbering plans.

use crate::ports::PhoneNumbers;

/// [`PhoneNumbers`] that puts the country code in front of the number; `None` unless both are digits.
#[derive(Default)]
pub struct JoinedPhoneNumbers;

impl PhoneNumbers for JoinedPhoneNumbers {
    fn e164(&self, country_code: &str, number: &str) -> Option<String> {
        let is_digits = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_digit());
        (is_digits(country_code) && is_digits(number)).then(|| format!("+{country_code}{number}"))
    }
}
