//! Port: phone numbers in E.164.

/// Knows the numbering plans of the countries. Not async: it answers from memory.
pub trait PhoneNumbers: Send + Sync {
    /// The number in E.164, such as `+8613800138000`, of what WeChat gives as `countryCode` and
    /// `purePhoneNumber`.
    ///
    /// - Separators are ignored in both. `+86` and `0086` are country codes.
    /// - `number` may be national, with its trunk prefix (`07911 …` in 44) or without, or carry its
    ///   country code.
    /// - Without a country code the number is read as a Chinese one, if it can be one.
    /// - A number that is in no numbering plan is kept as it is, because WeChat has called it and
    ///   may know a newer block of numbers.
    ///
    /// `None` if this cannot be a number: letters, no digits, or more than 15.
    fn e164(&self, country_code: &str, number: &str) -> Option<String>;
}
