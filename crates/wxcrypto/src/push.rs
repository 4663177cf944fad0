//! Message push (消息推送): verifying and decrypting messages, encrypting the reply.
//!
//! Source: "Receiving messages and events"
//! (<https://developers.weixin.qq.com/miniprogram/dev/framework/server-ability/message-push.html>).
//!
//! In plain mode, and when WeChat verifies the address, [`PushToken::verify`] is sufficient. In
//! safe mode (安全模式) the message is encrypted too: [`SafeMode`].
//!
//! ```
//! use wxcrypto::push::PushToken;
//!
//! // ?signature=…&timestamp=1714036504&nonce=1514711492&echostr=4375120948345356249
//! let token = PushToken::new("AAAAA");
//! let signature = "f464b24fc39322e44b38aa78f5edd27bd1441696";
//! token.verify(signature, "1714036504", "1514711492")?; // then answer the echostr
//! # Ok::<(), wxcrypto::push::PushError>(())
//! ```

mod encoding_aes_key;
mod push_token;
mod safe_mode;

pub use encoding_aes_key::{EncodingAesKey, InvalidEncodingAesKey};
pub use push_token::PushToken;
pub use safe_mode::{ReplyTooLong, SafeMode, SealedMessage, SealedReply};

/// Why a pushed message is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PushError {
    /// The signature does not hold: not from WeChat, or the configured token is not the one in
    /// the console.
    #[error("the signature does not hold: compare the push token with the one in WeChat's console")]
    BadSignature,
    /// It is signed, but the key does not open it.
    #[error(
        "the message does not open: compare the EncodingAESKey with the one in WeChat's console"
    )]
    NotOpened,
    /// It is for another app.
    #[error("the message is for another app: compare the push address in WeChat's console")]
    OtherApp,
}
