//! The parameter `phone` of a search by the support desk.

use crate::http::replies::ApiError;

/// The country code of the numbers that are written without one.
const MAINLAND: &str = "+86";

/// The most digits of a number in E.164.
const MAX_DIGITS: usize = 15;

/// The numbers in E.164 that `text` may mean, as people write it: with or without `+` (which an
/// unescaped query turns into a space) or `00`, with spaces, hyphens and brackets, and a mainland
/// Chinese number without its country. Refuses text that is not a number, because it would match no user.
pub(super) fn candidates(text: &str) -> Result<Vec<String>, ApiError> {
    let separators = [' ', '-', '(', ')', '.', '\u{a0}'];
    let written: String = text.replace(separators, "");
    let has_plus = text.starts_with(['+', ' ']);
    let digits = written.trim_start_matches('+');
    let (digits, is_international) = match digits.strip_prefix("00") {
        Some(rest) => (rest, true),
        None => (digits, has_plus),
    };
    let is_number = (7..=MAX_DIGITS).contains(&digits.len())
        && digits.bytes().all(|byte| byte.is_ascii_digit())
        && !digits.starts_with('0');
    if !is_number {
        return Err(ApiError::invalid(
            "参数 phone 应为带国家代码的号码（E.164），例如 %2B8613800138000",
        ));
    }
    let mut numbers = vec![format!("+{digits}")];
    let mut bytes = digits.bytes();
    let is_mainland = digits.len() == 11
        && bytes.next() == Some(b'1')
        && bytes.next().is_some_and(|second| second >= b'3');
    if is_mainland && !is_international {
        numbers.push(format!("{MAINLAND}{digits}"));
    }
    Ok(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("+8613800138000", &["+8613800138000"])]
    #[case(" 8613800138000", &["+8613800138000"])]
    #[case("8613800138000", &["+8613800138000"])]
    #[case("008613800138000", &["+8613800138000"])]
    #[case("+86 138-0013-8000", &["+8613800138000"])]
    // Of mainland China, or of the United States with its country.
    #[case("13800138000", &["+13800138000", "+8613800138000"])]
    #[case("+13800138000", &["+13800138000"])]
    #[case("12025550123", &["+12025550123"])]
    #[case("+44 7911 123456", &["+447911123456"])]
    fn a_number_is_found_as_people_write_it(#[case] text: &str, #[case] expected: &[&str]) {
        assert_eq!(candidates(text).unwrap(), expected);
    }

    #[rstest]
    fn what_names_no_number_is_refused(
        #[values(
            "07911123456",
            "1380",
            "alice",
            "+",
            "+86x13800138000",
            "1234567890123456"
        )]
        text: &str,
    ) {
        assert!(candidates(text).is_err());
    }
}
