//! AES in CBC mode, without padding.

use cbc::Decryptor;
use cbc::cipher::block_padding::NoPadding;
use cbc::cipher::{BlockCipherDecrypt, BlockModeDecrypt, KeyInit, KeyIvInit};

/// Decrypts `buffer` in place. `None` if the key or the iv has the wrong length for `Cipher`, or
/// if `buffer` is not made of whole blocks.
///
/// Padding is left in place: the library's own unpadding returns early, and the time reveals
/// information about the plaintext. See [`crate::padding`].
pub(crate) fn decrypt_cbc<Cipher>(key: &[u8], iv: &[u8], buffer: &mut [u8]) -> Option<()>
where
    Cipher: BlockCipherDecrypt + KeyInit,
{
    let cipher = Decryptor::<Cipher>::new_from_slices(key, iv).ok()?;
    cipher.decrypt_padded::<NoPadding>(buffer).ok()?;
    Some(())
}
