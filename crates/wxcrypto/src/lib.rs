//! Opens and checks the open data (开放数据) and the message push (消息推送) of WeChat Mini Programs.
//!
//! | to | use |
//! |---|---|
//! | open `encryptedData` | [`open`] |
//! | check `rawData` | [`verify_raw_data`] |
//! | check and open what WeChat pushes, seal the reply | [`push`] |
//! | read what WeChat wrote around a user's odd characters | [`mend`] |
//! | sign a payment with a session_key or an AppKey | [`session_signature`], [`pay_signature`] |
//! | give wxlogin's use cases their port | [`AesOpenDataOpener`] |
#![doc = include_str!("../README.md")]

mod aes_open_data_opener;
mod cipher;
mod digest;
mod json;
mod lenient;
pub mod mend;
mod open_data;
mod padding;
pub mod payload;
pub mod push;
mod raw_data;
mod signature;

pub use aes_open_data_opener::AesOpenDataOpener;
pub use open_data::{OpenData, open};
pub use payload::Payload;
pub use raw_data::verify_raw_data;
pub use signature::{pay_signature, session_signature};

// The words of the domain that this crate's functions take and give, so that it can be used alone.
pub use domain::id::{AppId, OpenId, UnionId};
pub use domain::open_data::{EncryptedData, Expected, SignedRawData, Watermark};
pub use domain::ports::OpenDataError;
pub use domain::secret::SessionKey;
pub use domain::time::Timestamp;
