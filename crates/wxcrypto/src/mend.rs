//! Making text readable that WeChat wrote around something a user typed.
//!
//! WeChat copies nicknames and cities into its JSON and XML as they are stored there: with raw
//! control characters, with bytes that are not UTF-8, with half a surrogate pair where an
//! emoji was cut in two. A strict parser refuses such a text, and one invalid character would make all
//! other fields unreadable. These functions change only what a parser refuses.

use std::borrow::Cow;
use std::str::Chars;

/// The JSON text in `bytes` as valid UTF-8 in which every string can be read.
///
/// - Bytes that are not UTF-8, and escapes of half a surrogate pair, become U+FFFD.
/// - A raw control character in a string is dropped.
/// - A backslash that begins no escape is taken as a backslash.
/// - A byte order mark at the beginning is dropped.
///
/// A text in which nothing of this occurs is borrowed. The result is not always JSON: a text that
/// is cut off, or none at all, stays so.
#[must_use]
pub fn json(bytes: &[u8]) -> Cow<'_, str> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let is_suspect = |byte: &u8| *byte < b' ' || *byte == b'\\';
    match utf8(bytes) {
        text if !text.bytes().any(|byte| is_suspect(&byte)) => text,
        text => match mended_strings(&text) {
            mended if mended == text => text,
            mended => Cow::Owned(mended),
        },
    }
}

/// The text in `bytes` as valid UTF-8 without control characters, for XML: bytes that are not
/// UTF-8 become U+FFFD, control characters other than tab and line breaks are dropped.
#[must_use]
pub fn text(bytes: &[u8]) -> Cow<'_, str> {
    let is_dropped = |c: char| c < ' ' && !matches!(c, '\t' | '\n' | '\r');
    let mut text = utf8(bytes);
    if text.contains(is_dropped) {
        text.to_mut().retain(|c| !is_dropped(c));
    }
    text
}

/// As [`String::from_utf8_lossy`], but each broken character becomes one U+FFFD, so also half a
/// surrogate pair in three bytes (`ED A0 80` to `ED BF BF`).
pub(crate) fn utf8(bytes: &[u8]) -> Cow<'_, str> {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Cow::Borrowed(text);
    }
    let mut text = String::with_capacity(bytes.len());
    let mut is_in_broken = false;
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        let goes_on = is_in_broken
            && chunk.valid().is_empty()
            && matches!(chunk.invalid(), [0x80..=0xBF, ..]);
        is_in_broken = !chunk.invalid().is_empty();
        if is_in_broken && !goes_on {
            text.push(char::REPLACEMENT_CHARACTER);
        }
    }
    Cow::Owned(text)
}

fn mended_strings(text: &str) -> String {
    let mut mended = String::with_capacity(text.len());
    let mut is_in_string = false;
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        match c {
            '\\' if is_in_string => copy_escape(&mut rest, &mut mended),
            '\0'..' ' if is_in_string => {}
            c => {
                is_in_string ^= c == '"';
                mended.push(c);
            }
        }
    }
    mended
}

/// Copies an escape, of which the backslash has been read.
fn copy_escape(rest: &mut Chars<'_>, mended: &mut String) {
    let text = rest.as_str();
    let length = match text.as_bytes() {
        [b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't', ..] => 1,
        [b'u', ..] => match (unit(text), text.get(5..).and_then(second_unit)) {
            (Some(0xD800..=0xDBFF), Some(0xDC00..=0xDFFF)) => 11,
            (Some(0xD800..=0xDFFF), _) => {
                mended.push(char::REPLACEMENT_CHARACTER);
                *rest = text.get(5..).unwrap_or_default().chars();
                return;
            }
            (Some(_), _) => 5,
            (None, _) => 0,
        },
        _ => 0,
    };
    mended.push('\\');
    if length == 0 {
        mended.push('\\');
    }
    let (escape, after) = text.split_at_checked(length).unwrap_or_default();
    mended.push_str(escape);
    *rest = after.chars();
}

/// The UTF-16 unit of `u` and four hexadecimal digits.
fn unit(text: &str) -> Option<u16> {
    let digits = text.strip_prefix('u')?.get(..4)?;
    let is_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_hex.then(|| u16::from_str_radix(digits, 16).ok())?
}

fn second_unit(text: &str) -> Option<u16> {
    unit(text.strip_prefix('\\')?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_parser_refuses_in_a_string_is_changed_and_nothing_else() {
        for (broken, mended) in [
            (&b"{\"a\":\"\x07b\x00\n\x1f\"}"[..], "{\"a\":\"b\"}"),
            (
                b"{\"a\":\"\xffb\xe5\xb0\"}",
                "{\"a\":\"\u{fffd}b\u{fffd}\"}",
            ),
            (b"{\"a\":\"b\xed\xa0\xbd\"}", "{\"a\":\"b\u{fffd}\"}"),
            (br#"{"a":"b\ud83d"}"#, "{\"a\":\"b\u{fffd}\"}"),
            (
                br#"{"a":"\uDE00b\ud83dc"}"#,
                "{\"a\":\"\u{fffd}b\u{fffd}c\"}",
            ),
            (
                br#"{"a":"\ud83d\ud83d\ude00"}"#,
                "{\"a\":\"\u{fffd}\\ud83d\\ude00\"}",
            ),
            (br#"{"a":"\ud83d\u0041"}"#, "{\"a\":\"\u{fffd}\\u0041\"}"),
            (br#"{"a":"\x\u12\u+123 \"}"#, r#"{"a":"\\x\\u12\\u+123 \"}"#),
            (b"{\"a\":\"\\\x07\"}", r#"{"a":"\\"}"#),
            (b"\xef\xbb\xbf{}", "{}"),
        ] {
            assert_eq!(json(broken), mended, "{}", broken.escape_ascii());
        }
    }

    #[test]
    fn json_that_can_be_read_stays_as_it_is() {
        for text in [
            "{\n\t\"a\" : \"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud83d\\ude00\\u0000\"\r\n}",
            r#"{"a":"小明😀","b":[1,true,null]}"#,
            "7",
            "",
        ] {
            assert!(matches!(json(text.as_bytes()), Cow::Borrowed(same) if same == text));
        }
    }

    #[test]
    fn control_characters_outside_strings_are_left_to_the_parser() {
        assert_eq!(json(b"{\x07}"), "{\x07}");
        assert_eq!(json(b"{\\}"), "{\\}");
    }

    #[test]
    fn text_keeps_its_lines_and_loses_what_xml_forbids() {
        assert_eq!(
            text(b"<a>\r\n\t\x07b\x00\xff</a>"),
            "<a>\r\n\tb\u{fffd}</a>"
        );
        assert!(matches!(text("<a>小</a>".as_bytes()), Cow::Borrowed(_)));
    }
}
