//! Safe mode (安全模式): messages that are signed and encrypted, in both directions.

use aes::Aes256;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use cbc::Encryptor;
use cbc::cipher::array::Array;
use cbc::cipher::{BlockModeEncrypt, KeyIvInit};
use domain::id::AppId;
use serde::Serialize;
use zeroize::Zeroizing;

use super::{EncodingAesKey, PushError, PushToken};
use crate::{cipher, padding};

/// WeChat pads to 32 bytes here, although a block of AES is 16.
const BLOCK: u8 = 32;

/// How many random bytes stand before each message. The iv is always the same, so they are what
/// makes two ciphertexts of one message differ.
const RANDOM: usize = 16;

/// One app's side of message push in safe mode.
#[derive(Clone, Debug)]
pub struct SafeMode {
    /// Signs in both directions.
    pub token: PushToken,
    /// Seals in both directions.
    pub key: EncodingAesKey,
    /// The app that messages must name.
    pub app_id: AppId,
}

/// A message as it comes in: three values of the query string and one of the body.
#[derive(Clone, Copy, Debug)]
pub struct SealedMessage<'a> {
    /// `msg_signature` of the query. (Not `signature`, which does not cover the message.)
    pub msg_signature: &'a str,
    /// `timestamp` of the query.
    pub timestamp: &'a str,
    /// `nonce` of the query.
    pub nonce: &'a str,
    /// `Encrypt` of the body.
    pub encrypt: &'a str,
}

/// A reply as it goes out: the body, in JSON. In XML the elements have the same names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct SealedReply {
    /// The encrypted reply, base64.
    pub encrypt: String,
    /// Signature over token, time, nonce and `encrypt`.
    pub msg_signature: String,
    /// Unix time in seconds.
    pub time_stamp: i64,
    /// The nonce given.
    pub nonce: String,
}

impl SafeMode {
    /// Checks the signature of `message`, decrypts it and checks that it is for this app. Gives
    /// the JSON or XML that plain mode would have brought, byte for byte. It need not be UTF-8:
    /// [`mend`](crate::mend) makes it readable.
    ///
    /// The signature is checked before anything is decrypted, so there is no padding oracle here.
    ///
    /// # Errors
    /// [`PushError`], in the order of its variants.
    pub fn open(&self, message: &SealedMessage<'_>) -> Result<Vec<u8>, PushError> {
        let signed = [message.timestamp, message.nonce, message.encrypt];
        if !self.token.sign(signed).is(message.msg_signature) {
            return Err(PushError::BadSignature);
        }
        let plain = self.decrypt(message.encrypt).ok_or(PushError::NotOpened)?;
        let (text, app_id) = split(&plain).ok_or(PushError::NotOpened)?;
        if app_id != self.app_id.as_str().as_bytes() {
            return Err(PushError::OtherApp);
        }
        Ok(text.to_vec())
    }

    /// Encrypts and signs a reply. `random` must be fresh from a random generator each time;
    /// `timestamp` is now, in unix seconds; `nonce` is any text, such as that of the message.
    ///
    /// WeChat also accepts a plain `success`, which is not encrypted.
    ///
    /// # Errors
    /// [`ReplyTooLong`] from 4 GiB on.
    pub fn seal(
        &self,
        reply: impl AsRef<[u8]>,
        random: [u8; RANDOM],
        timestamp: i64,
        nonce: &str,
    ) -> Result<SealedReply, ReplyTooLong> {
        let reply = reply.as_ref();
        let length = u32::try_from(reply.len()).map_err(|_| ReplyTooLong)?;
        let mut buffer = random.to_vec();
        buffer.extend(length.to_be_bytes());
        buffer.extend(reply);
        buffer.extend(self.app_id.as_str().as_bytes());
        padding::pad(&mut buffer, BLOCK);

        let (blocks, _none_left) = Array::slice_as_chunks_mut(&mut buffer);
        Encryptor::<Aes256>::new(self.key.key().into(), self.key.iv().into())
            .encrypt_blocks(blocks);
        let encrypt = STANDARD.encode(&buffer);
        let signature = self.token.sign([&timestamp.to_string(), nonce, &encrypt]);
        Ok(SealedReply {
            msg_signature: signature.to_hex(),
            encrypt,
            time_stamp: timestamp,
            nonce: nonce.to_owned(),
        })
    }

    /// The plaintext, without padding.
    fn decrypt(&self, encrypt: &str) -> Option<Zeroizing<Vec<u8>>> {
        let mut buffer = Zeroizing::new(STANDARD.decode(encrypt).ok()?);
        cipher::decrypt_cbc::<Aes256>(self.key.key(), self.key.iv(), &mut buffer)?;
        let unpadded = padding::unpad(&buffer, BLOCK);
        buffer.truncate(unpadded.message_len);
        bool::from(unpadded.is_valid).then_some(buffer)
    }
}

/// Message and appid in 16 random bytes ‖ length of the message (4 bytes, big endian) ‖ message
/// ‖ appid.
fn split(plain: &[u8]) -> Option<(&[u8], &[u8])> {
    let (_random, rest) = plain.split_at_checked(RANDOM)?;
    let (length, rest) = rest.split_first_chunk()?;
    let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
    rest.split_at_checked(length)
}

/// The reply does not fit into WeChat's format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a reply to a pushed message must be shorter than 4 GiB")]
pub struct ReplyTooLong;
