//! AES-CBC with PKCS#7 padding of a chosen block: 16 for open data, 32 for message push.

use aws_lc_rs::cipher::{
    AES_128, AES_256, DecryptingKey, DecryptionContext, EncryptingKey, EncryptionContext,
    UnboundCipherKey,
};
use aws_lc_rs::iv::FixedLength;

/// The input cannot be a key, an iv or a ciphertext of this cipher.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("AES-CBC refuses the key, the iv or the ciphertext")]
pub(crate) struct CbcError;

/// Pads to a multiple of `pad_to` bytes and encrypts. `key` has 16 or 32 bytes.
pub(crate) fn encrypt(
    key: &[u8],
    iv: [u8; 16],
    plaintext: &[u8],
    pad_to: u8,
) -> Result<Vec<u8>, CbcError> {
    let mut buffer = pad(plaintext, pad_to)?;
    let context = EncryptionContext::Iv128(FixedLength::from(iv));
    EncryptingKey::cbc(bind(key)?)
        .and_then(|key| key.less_safe_encrypt(&mut buffer, context))
        .map_err(|_| CbcError)?;
    Ok(buffer)
}

/// Decrypts and removes the padding.
pub(crate) fn decrypt(
    key: &[u8],
    iv: [u8; 16],
    ciphertext: &[u8],
    pad_to: u8,
) -> Result<Vec<u8>, CbcError> {
    if ciphertext.is_empty() || !ciphertext.len().is_multiple_of(16) {
        return Err(CbcError);
    }
    let mut buffer = ciphertext.to_vec();
    let context = DecryptionContext::Iv128(FixedLength::from(iv));
    DecryptingKey::cbc(bind(key)?)
        .and_then(|key| key.decrypt(&mut buffer, context).map(|_| ()))
        .map_err(|_| CbcError)?;
    unpad(buffer, pad_to)
}

fn bind(key: &[u8]) -> Result<UnboundCipherKey, CbcError> {
    let algorithm = if key.len() == 32 { &AES_256 } else { &AES_128 };
    UnboundCipherKey::new(algorithm, key).map_err(|_| CbcError)
}

fn pad(plaintext: &[u8], pad_to: u8) -> Result<Vec<u8>, CbcError> {
    let block = usize::from(pad_to);
    let missing = block - plaintext.len() % block;
    let filler = u8::try_from(missing).map_err(|_| CbcError)?;
    let mut padded = plaintext.to_vec();
    padded.resize(plaintext.len() + missing, filler);
    Ok(padded)
}

fn unpad(mut padded: Vec<u8>, pad_to: u8) -> Result<Vec<u8>, CbcError> {
    let filler = *padded.last().ok_or(CbcError)?;
    let length = padded
        .len()
        .checked_sub(usize::from(filler))
        .ok_or(CbcError)?;
    let tail = padded.get(length..).ok_or(CbcError)?;
    if filler == 0 || filler > pad_to || tail.iter().any(|&byte| byte != filler) {
        return Err(CbcError);
    }
    padded.truncate(length);
    Ok(padded)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_was_encrypted_decrypts(text: Vec<u8>, key: [u8; 32], iv: [u8; 16], wide: bool) {
            let pad_to = if wide { 32 } else { 16 };
            let sealed = encrypt(&key, iv, &text, pad_to).unwrap();
            prop_assert!(sealed.len() > text.len());
            prop_assert_eq!(sealed.len() % usize::from(pad_to), 0);
            prop_assert_eq!(decrypt(&key, iv, &sealed, pad_to), Ok(text));
        }

        #[test]
        fn rubbish_never_panics(sealed: Vec<u8>, key: Vec<u8>) {
            let _ = decrypt(&key, [0; 16], &sealed, 16);
        }
    }

    #[test]
    fn a_key_of_another_length_is_refused() {
        assert_eq!(encrypt(&[0; 17], [0; 16], b"x", 16), Err(CbcError));
    }
}
