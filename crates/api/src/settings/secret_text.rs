//! Text that cannot be a secret: traces of editors, shells and spreadsheets around it.

const BYTE_ORDER_MARK: char = '\u{feff}';
const QUOTES: [char; 3] = ['"', '\'', '`'];

/// Why `text` cannot be a secret, if it cannot. The issuers (WeChat, or a generator of
/// random text) use printable ASCII without spaces.
pub(super) fn problem(text: &str) -> Option<&'static str> {
    if text.is_empty() {
        return Some("must not be empty");
    }
    if text.contains(BYTE_ORDER_MARK) {
        return Some("begins with a byte order mark; save the file as UTF-8 without one");
    }
    if text.contains(['\n', '\r']) {
        return Some("has more than one line, perhaps a blank first one; give the value alone");
    }
    if text.contains(char::is_whitespace) {
        return Some("has a space in it or around it; give the value alone");
    }
    if text.starts_with(QUOTES) || text.ends_with(QUOTES) {
        return Some("stands in quotes; give the value without them");
    }
    if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Some("has a character that is no letter, digit or ASCII sign");
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("", "empty")]
    #[case("\u{feff}a1b2", "byte order mark")]
    #[case("\na1b2", "line")]
    #[case("\r\na1b2", "line")]
    #[case("a1\nb2", "line")]
    #[case(" a1b2", "space")]
    #[case("a1b2 ", "space")]
    #[case("a1b2\t", "space")]
    #[case("a1\u{a0}b2", "space")]
    #[case("\"a1b2\"", "quotes")]
    #[case("'a1b2'", "quotes")]
    #[case("“a1b2”", "character")]
    #[case("a1\0b2", "character")]
    #[case("密钥", "character")]
    fn what_cannot_be_a_secret_is_told_apart(#[case] text: &str, #[case] said: &str) {
        let problem = problem(text).unwrap();
        assert!(problem.contains(said), "{problem}");
    }

    #[test]
    fn a_secret_is_one() {
        for text in ["a1b2", "wx-Secret_1+/=", "s"] {
            assert_eq!(problem(text), None, "{text}");
        }
    }
}
