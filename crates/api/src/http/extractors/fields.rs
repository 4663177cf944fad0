//! Checks of fields that several bodies have.

use std::ops::RangeInclusive;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::open_data::EncryptedData;

use crate::http::replies::ApiError;

/// The greatest length of a code: WeChat's have 32 or 64.
pub(crate) const CODE_LENGTH: RangeInclusive<usize> = 1..=512;

pub(crate) fn check_length(
    name: &str,
    text: &str,
    allowed: RangeInclusive<usize>,
) -> Result<(), ApiError> {
    if allowed.contains(&text.chars().count()) {
        return Ok(());
    }
    let (least, most) = (allowed.start(), allowed.end());
    Err(ApiError::invalid(format!(
        "字段 {name} 的长度应为 {least} 到 {most} 个字符"
    )))
}

/// Refuses what PostgreSQL cannot store as text.
pub(crate) fn check_storable(name: &str, text: &str) -> Result<(), ApiError> {
    if text.contains('\0') {
        return Err(ApiError::invalid(format!("字段 {name} 含有不允许的字符")));
    }
    Ok(())
}

/// A field that may be left out: an empty text is as absent.
pub(crate) fn filled(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

pub(crate) fn pair<A, B>(
    (one_name, one): (&str, Option<A>),
    (other_name, other): (&str, Option<B>),
) -> Result<Option<(A, B)>, ApiError> {
    let (missing, given) = match (one, other) {
        (Some(one), Some(other)) => return Ok(Some((one, other))),
        (None, None) => return Ok(None),
        (Some(_), None) => (other_name, one_name),
        (None, Some(_)) => (one_name, other_name),
    };
    Err(ApiError::invalid(format!(
        "缺少字段 {missing}，它与 {given} 必须同时提供"
    )))
}

/// `encryptedData` and `iv`, below `place` in the body.
pub(crate) fn encrypted_data(
    place: &str,
    encrypted_data: Option<String>,
    iv: Option<String>,
) -> Result<Option<EncryptedData>, ApiError> {
    let (data_name, iv_name) = (format!("{place}encryptedData"), format!("{place}iv"));
    let both = pair((&data_name, filled(encrypted_data)), (&iv_name, filled(iv)))?;
    let Some((encrypted_data, iv)) = both else {
        return Ok(None);
    };
    check_base64(&data_name, &encrypted_data)?;
    check_base64(&iv_name, &iv)?;
    Ok(Some(EncryptedData { encrypted_data, iv }))
}

fn check_base64(name: &str, text: &str) -> Result<(), ApiError> {
    if text.contains(' ') {
        // The classic: `+` not encoded on its way through a form or a query.
        return Err(ApiError::invalid(format!(
            "字段 {name} 中的 “+” 变成了空格，请以 JSON 原样发送"
        )));
    }
    if STANDARD.decode(text).is_err() {
        return Err(ApiError::invalid(format!("字段 {name} 不是合法的 base64")));
    }
    Ok(())
}
