//! SHA-1 signatures as WeChat writes them: hex of a digest over parts strung together.

use sha1::{Digest, Sha1};
use subtle::ConstantTimeEq;

/// A SHA-1 digest.
pub(crate) struct Signature([u8; 20]);

impl Signature {
    /// The signature over `parts`, one after the other, with nothing between them.
    pub(crate) fn over<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut sha1 = Sha1::new();
        for part in parts {
            sha1.update(part);
        }
        Self(sha1.finalize().into())
    }

    /// Whether `claimed` is this signature in hex, of either case. Compares in constant time, so
    /// that a forger cannot find the right one a byte at a time.
    pub(crate) fn is(&self, claimed: &str) -> bool {
        let mut bytes = [0; 20];
        hex::decode_to_slice(claimed, &mut bytes).is_ok() && bool::from(bytes.ct_eq(&self.0))
    }

    /// Lower-case hex.
    pub(crate) fn to_hex(&self) -> String {
        hex::encode(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hex_of_either_case_is_the_same_signature() {
        let signature = Signature::over([&b"ab"[..], b"c"]);
        let hex = "a9993e364706816aba3e25717850c26c9cd0d89d";
        assert_eq!(signature.to_hex(), hex);
        assert!(signature.is(hex) && signature.is(&hex.to_uppercase()));
    }

    #[test]
    fn what_is_not_twenty_bytes_of_hex_is_no_signature() {
        let signature = Signature::over([&b"abc"[..]]);
        for claimed in [
            "",
            "a9993e364706816aba3e25717850c26c9cd0d89",
            "a9993e364706816aba3e25717850c26c9cd0d89d00",
            "签名",
            "zz993e364706816aba3e25717850c26c9cd0d89d",
            "b9993e364706816aba3e25717850c26c9cd0d89d",
        ] {
            assert!(!signature.is(claimed), "{claimed}");
        }
    }
}
