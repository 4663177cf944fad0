//! Phone numbers by the numbering plans of Google's libphonenumber.

use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumberFormat, Region};

/// Most digits of a number in E.164, the country code included (ITU-T E.164, 6).
const MAX_DIGITS: usize = 15;

/// The number in E.164 ([`PersonalDataService`](domain::personal_data::PersonalDataService)), from the
/// metadata of `rlibphonenumber`, which is built into the program and takes 5.6 MB of memory from the
/// first number on.
pub(crate) fn e164(country_code: &str, number: &str) -> Option<String> {
    let country = digits(country_code)?;
    let country = country.trim_start_matches('0');
    let digits = digits(number)?;
    if digits.is_empty() || digits.len() > 2 * MAX_DIGITS {
        return None;
    }
    let with_exit_code = digits
        .strip_prefix("00")
        .filter(|rest| !country.is_empty() && rest.starts_with(country));
    if number.trim_start().starts_with(['+', '＋']) || with_exit_code.is_some() {
        let whole = with_exit_code.unwrap_or(&digits);
        return in_plan(whole).or_else(|| as_it_is(whole));
    }
    if country.is_empty() {
        let number = PHONE_NUMBER_UTIL.parse(&digits, Some(Region::CN)).ok()?;
        return PHONE_NUMBER_UTIL
            .is_valid_number(&number)
            .then(|| formatted(&number));
    }
    let whole = format!("{country}{digits}");
    let has_country_code = digits.starts_with(country);
    in_plan(&whole)
        .or_else(|| has_country_code.then(|| in_plan(&digits))?)
        .or_else(|| without_trunk_zero(country, &digits))
        .or_else(|| as_it_is(&whole))
}

/// The digits of `text`, or `None` if there is anything else in it but separators.
fn digits(text: &str) -> Option<String> {
    let mut digits = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '0'..='9' => digits.push(c),
            // As a Chinese keyboard has them.
            '０'..='９' => digits.push(char::from_digit(u32::from(c) - u32::from('０'), 10)?),
            '+' | '＋' | '-' | '(' | ')' | '.' | '/' | '\u{2010}'..='\u{2015}' => {}
            c if c.is_whitespace() => {}
            _ => return None,
        }
    }
    Some(digits)
}

/// The number of these digits, country code first, if it is in a numbering plan.
fn in_plan(digits: &str) -> Option<String> {
    let number = PHONE_NUMBER_UTIL.parse(format!("+{digits}"), None).ok()?;
    PHONE_NUMBER_UTIL
        .is_valid_number(&number)
        .then(|| formatted(&number))
}

/// Of a number in no plan, without the zero in front if that is its country's trunk prefix. What
/// else the library would remove (prefixes of carriers) may be part of a new number.
fn without_trunk_zero(country: &str, digits: &str) -> Option<String> {
    let rest = digits.strip_prefix('0')?;
    let number = PHONE_NUMBER_UTIL
        .parse(format!("+{country}{digits}"), None)
        .ok()?;
    Some(formatted(&number)).filter(|text| *text == format!("+{country}{rest}"))
}

fn as_it_is(digits: &str) -> Option<String> {
    let can_be_number = digits.len() <= MAX_DIGITS && !digits.starts_with('0');
    can_be_number.then(|| format!("+{digits}"))
}

fn formatted(number: &rlibphonenumber::PhoneNumber) -> String {
    PHONE_NUMBER_UTIL
        .format(number, PhoneNumberFormat::E164)
        .into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_write_a_number_is_the_same_number() {
        for (country_code, number, expected) in [
            ("86", "13580006666", "+8613580006666"),
            ("+86", "13580006666", "+8613580006666"),
            (" 86 ", "135 8000 6666", "+8613580006666"),
            ("0086", "135-8000-6666", "+8613580006666"),
            ("＋８６", "１３５80006666", "+8613580006666"),
            ("86", "8613580006666", "+8613580006666"),
            ("86", "+8613580006666", "+8613580006666"),
            ("86", "008613580006666", "+8613580006666"),
            ("", "13580006666", "+8613580006666"),
            ("", "+85251234567", "+85251234567"),
            ("+852", "51234567", "+85251234567"),
            ("44", "07911 123456", "+447911123456"),
            ("44", "7911123456", "+447911123456"),
            ("44", "(0)7911 123456", "+447911123456"),
            ("81", "09012345678", "+819012345678"),
            ("82", "01012345678", "+821012345678"),
            ("49", "015123456789", "+4915123456789"),
            ("7", "89161234567", "+79161234567"),
            ("1", "2025550123", "+12025550123"),
            ("1", "12025550123", "+12025550123"),
            ("1-787", "5551234", "+17875551234"),
            // An Italian zero is part of the number.
            ("39", "0612345678", "+390612345678"),
            ("225", "0707123456", "+2250707123456"),
        ] {
            let found = e164(country_code, number);
            assert_eq!(found.as_deref(), Some(expected), "{country_code} {number}");
        }
    }

    #[test]
    fn a_number_in_no_plan_is_kept() {
        for (country_code, number, expected) in [
            ("86", "14912345678", "+8614912345678"),
            ("86", "014912345678", "+8614912345678"),
            ("86", "12593138001", "+8612593138001"),
            ("999", "0123", "+9990123"),
            ("82", "09012345678", "+829012345678"),
        ] {
            let found = e164(country_code, number);
            assert_eq!(found.as_deref(), Some(expected), "{country_code} {number}");
        }
    }

    #[test]
    fn what_is_no_number_is_not_made_one() {
        for (country_code, number) in [
            ("", ""),
            ("86", ""),
            ("86", "1358000666x"),
            ("eighty", "13580006666"),
            ("0", "1"),
            ("", "5"),
            ("86", "12345678901234"),
            ("86", "9".repeat(10_000).as_str()),
        ] {
            assert_eq!(e164(country_code, number), None, "{country_code} {number}");
        }
    }
}
