//! The parameters of a login, in the body or in the query.

use domain::app::AppDirectory;
use domain::login::LoginAttempt;
use domain::open_data::{EncryptedData, SignedRawData};
use domain::secret::{LoginCode, LoginNonce};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::http::extractors::fields::{CODE_LENGTH, check_length, encrypted_data, filled, pair};
use crate::http::extractors::json_object::object_or_empty;
use crate::http::extractors::{ExactText, Parameters, json_object};
use crate::http::replies::ApiError;

const NONCE_LENGTH: std::ops::RangeInclusive<usize> = 16..=64;

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LoginBody {
    /// The code of `wx.login`.
    #[schema(required = true, nullable = false, min_length = 1, max_length = 512)]
    plat_code: Option<String>,
    /// The profile, where the page has one.
    #[serde(default, deserialize_with = "object_or_empty")]
    plat_user_info_map: Option<UserInfoMap>,
    /// The mini program; left out, the one of WeChat's `Referer`, else the first configured.
    app_id: Option<String>,
    /// Random, made by the client: within 60 seconds the same code with the same nonce gets the
    /// same session again.
    #[schema(min_length = 16, max_length = 64)]
    nonce: Option<String>,
}

/// What `wx.getUserProfile` and its kin gave the page. An empty text is as absent.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = UserInfoMapBody)]
struct UserInfoMap {
    /// Base64; with `iv`, or not at all.
    #[schema(content_encoding = "base64", min_length = 1)]
    encrypted_data: Option<String>,
    /// Base64 of 16 bytes.
    #[schema(content_encoding = "base64", min_length = 1)]
    iv: Option<String>,
    /// The JSON text that `signature` covers; with it, or not at all.
    #[schema(value_type = Option<String>)]
    raw_data: Option<ExactText>,
    /// SHA-1 of `rawData` and the session_key, in hex.
    signature: Option<String>,
}

impl LoginBody {
    /// The fields of a query, where `wx.request` puts the data of a GET. It writes the absent as
    /// text, too.
    pub(crate) fn of_query(query: &Parameters) -> Result<Self, ApiError> {
        let field = |name| {
            let text = query
                .get(name)
                .filter(|text| !["undefined", "null"].contains(text));
            text.map(str::to_owned)
        };
        let plat_user_info_map = field("platUserInfoMap").map(|text| map_in_query(&text));
        Ok(Self {
            plat_code: field("platCode"),
            plat_user_info_map: plat_user_info_map.transpose()?,
            app_id: field("appId"),
            nonce: field("nonce"),
        })
    }

    pub(crate) fn has_code(&self) -> bool {
        self.plat_code.as_ref().is_some_and(|code| !code.is_empty())
    }

    /// Checks the form of every field. `referer` names the app if the body does not.
    pub(crate) fn into_attempt(
        self,
        apps: &AppDirectory,
        referer: Option<&str>,
    ) -> Result<LoginAttempt, ApiError> {
        let code = filled(self.plat_code).ok_or_else(|| ApiError::invalid("缺少字段 platCode"))?;
        check_length("platCode", &code, CODE_LENGTH)?;
        let nonce = filled(self.nonce);
        if let Some(nonce) = &nonce {
            check_length("nonce", nonce, NONCE_LENGTH)?;
        }
        let (encrypted_data, raw_data) = match self.plat_user_info_map {
            Some(map) => map.into_open_data()?,
            None => (None, None),
        };
        let app_id = filled(self.app_id);
        let app = apps.choose(app_id.as_deref(), referer)?.clone();
        Ok(LoginAttempt {
            app,
            code: LoginCode::new(code),
            nonce: nonce.map(LoginNonce::new),
            encrypted_data,
            raw_data,
        })
    }
}

impl UserInfoMap {
    fn into_open_data(self) -> Result<(Option<EncryptedData>, Option<SignedRawData>), ApiError> {
        let encrypted = encrypted_data("platUserInfoMap.", self.encrypted_data, self.iv)?;
        let signed = pair(
            (
                "platUserInfoMap.rawData",
                self.raw_data.filter(|text| !text.0.is_empty()),
            ),
            ("platUserInfoMap.signature", filled(self.signature)),
        )?;
        Ok((
            encrypted,
            signed.map(|(raw_data, signature)| SignedRawData {
                raw_data: raw_data.0,
                signature,
            }),
        ))
    }
}

/// A query has no objects, so a page writes this one as JSON text.
fn map_in_query(text: &str) -> Result<UserInfoMap, ApiError> {
    json_object::parse(text.as_bytes()).map_err(|_| {
        ApiError::invalid(
            "查询参数 platUserInfoMap 应为 JSON 文本：请用 JSON.stringify 转换，或改用 POST",
        )
    })
}
