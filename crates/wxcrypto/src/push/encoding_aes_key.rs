//! The key that seals pushed messages.

use std::fmt;

use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use base64::{Engine, alphabet};
use zeroize::Zeroizing;

/// The console draws 43 characters at random, so the last one may carry two bits that no byte
/// needs. A strict decoder refuses three of four such keys.
const ENGINE: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::RequireNone)
        .with_decode_allow_trailing_bits(true),
);

/// `EncodingAESKey` of WeChat's console: 43 characters of base64, an AES-256 key. Its first 16
/// bytes serve as the iv. Shows nothing in `Debug` and is wiped when dropped.
#[derive(Clone)]
pub struct EncodingAesKey {
    key: Zeroizing<[u8; 32]>,
    iv: Zeroizing<[u8; 16]>,
}

impl EncodingAesKey {
    /// Reads the key as the console shows it.
    ///
    /// # Errors
    /// [`InvalidEncodingAesKey`] if it is not 43 characters of base64.
    pub fn parse(text: &str) -> Result<Self, InvalidEncodingAesKey> {
        let bytes = ENGINE.decode(text).map(Zeroizing::new);
        let bytes = bytes.map_err(|_| InvalidEncodingAesKey)?;
        let key = <[u8; 32]>::try_from(bytes.as_slice()).map_err(|_| InvalidEncodingAesKey)?;
        let iv = bytes.first_chunk::<16>().ok_or(InvalidEncodingAesKey)?;
        Ok(Self {
            key: Zeroizing::new(key),
            iv: Zeroizing::new(*iv),
        })
    }

    pub(super) fn key(&self) -> &[u8; 32] {
        &self.key
    }

    pub(super) fn iv(&self) -> &[u8; 16] {
        &self.iv
    }
}

impl fmt::Debug for EncodingAesKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EncodingAesKey([REDACTED])")
    }
}

/// The text is not an EncodingAESKey.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an EncodingAESKey is 43 letters and digits: copy it again from WeChat's console")]
pub struct InvalidEncodingAesKey;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_43_characters_of_base64_are_a_key() {
        for last in ['A', 'B', '9', '/'] {
            let text = format!("{}{last}", "a".repeat(42));
            assert!(EncodingAesKey::parse(&text).is_ok(), "{text}");
        }
    }

    #[test]
    fn other_text_is_refused_and_not_repeated() {
        for text in ["", "abc", &"a".repeat(42), &"a".repeat(44), &"é".repeat(43)] {
            let refusal = EncodingAesKey::parse(text).unwrap_err().to_string();
            assert!(text.is_empty() || !refusal.contains(text), "{refusal}");
        }
    }

    #[test]
    fn debug_does_not_show_the_key() {
        let key = EncodingAesKey::parse(&"B".repeat(43)).unwrap();
        assert_eq!(format!("{key:?}"), "EncodingAesKey([REDACTED])");
    }
}
