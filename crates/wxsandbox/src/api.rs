//! The calls of WeChat's server API that the sandbox knows.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A call of WeChat's server API. In JSON and TOML it is its path, for instance
/// `"/sns/jscode2session"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "&'static str")]
#[non_exhaustive]
pub enum Api {
    /// `GET /sns/jscode2session`
    Code2Session,
    /// `GET /sns/component/jscode2session`
    ComponentCode2Session,
    /// `GET /cgi-bin/token`
    Token,
    /// `POST /cgi-bin/stable_token`
    StableToken,
    /// `POST /cgi-bin/clear_quota`
    ClearQuota,
    /// `POST /cgi-bin/clear_quota/v2`
    ClearQuotaBySecret,
    /// `POST /cgi-bin/openapi/quota/get`
    GetQuota,
    /// `POST /cgi-bin/openapi/rid/get`
    GetRid,
    /// `POST /cgi-bin/component/api_component_token`
    ComponentToken,
    /// `POST /cgi-bin/component/api_authorizer_token`
    AuthorizerToken,
    /// `POST /wxa/business/getuserphonenumber`
    GetPhoneNumber,
    /// `GET /wxa/checksession`
    CheckSession,
    /// `GET /wxa/resetusersessionkey`
    ResetSession,
    /// `POST /wxa/business/checkencryptedmsg`
    CheckEncryptedData,
    /// `GET /wxa/getpaidunionid`
    GetPaidUnionid,
    /// `POST /wxa/getpluginopenpid`
    GetPluginOpenpid,
    /// `GET` or `POST /wxa/business/getuserencryptkey`
    GetUserEncryptKey,
    /// `POST /xpay/query_user_balance`
    QueryUserBalance,
    /// `POST /xpay/currency_pay`
    CurrencyPay,
    /// `POST /wxa/game/getbalance`
    GetGameBalance,
    /// `GET /wxa/charge/usage/get`
    GetUsage,
}

/// No call of that path.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("the sandbox knows no call `{0}`; it knows {known}", known = known())]
pub struct UnknownApi(String);

impl Api {
    /// Every call.
    pub const ALL: [Self; 21] = [
        Self::Code2Session,
        Self::ComponentCode2Session,
        Self::Token,
        Self::StableToken,
        Self::ClearQuota,
        Self::ClearQuotaBySecret,
        Self::GetQuota,
        Self::GetRid,
        Self::ComponentToken,
        Self::AuthorizerToken,
        Self::GetPhoneNumber,
        Self::CheckSession,
        Self::ResetSession,
        Self::CheckEncryptedData,
        Self::GetPaidUnionid,
        Self::GetPluginOpenpid,
        Self::GetUserEncryptKey,
        Self::QueryUserBalance,
        Self::CurrencyPay,
        Self::GetGameBalance,
        Self::GetUsage,
    ];

    /// Where it is called.
    pub const fn path(self) -> &'static str {
        match self {
            Self::Code2Session => "/sns/jscode2session",
            Self::ComponentCode2Session => "/sns/component/jscode2session",
            Self::Token => "/cgi-bin/token",
            Self::StableToken => "/cgi-bin/stable_token",
            Self::ClearQuota => "/cgi-bin/clear_quota",
            Self::ClearQuotaBySecret => "/cgi-bin/clear_quota/v2",
            Self::GetQuota => "/cgi-bin/openapi/quota/get",
            Self::GetRid => "/cgi-bin/openapi/rid/get",
            Self::ComponentToken => "/cgi-bin/component/api_component_token",
            Self::AuthorizerToken => "/cgi-bin/component/api_authorizer_token",
            Self::GetPhoneNumber => "/wxa/business/getuserphonenumber",
            Self::CheckSession => "/wxa/checksession",
            Self::ResetSession => "/wxa/resetusersessionkey",
            Self::CheckEncryptedData => "/wxa/business/checkencryptedmsg",
            Self::GetPaidUnionid => "/wxa/getpaidunionid",
            Self::GetPluginOpenpid => "/wxa/getpluginopenpid",
            Self::GetUserEncryptKey => "/wxa/business/getuserencryptkey",
            Self::QueryUserBalance => "/xpay/query_user_balance",
            Self::CurrencyPay => "/xpay/currency_pay",
            Self::GetGameBalance => "/wxa/game/getbalance",
            Self::GetUsage => "/wxa/charge/usage/get",
        }
    }

    pub(crate) fn of_path(path: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|api| api.path() == path)
    }
}

fn known() -> String {
    Api::ALL.map(Api::path).join(" ")
}

impl FromStr for Api {
    type Err = UnknownApi;

    fn from_str(path: &str) -> Result<Self, UnknownApi> {
        Self::of_path(path).ok_or_else(|| UnknownApi(path.to_owned()))
    }
}

impl TryFrom<String> for Api {
    type Error = UnknownApi;

    fn try_from(path: String) -> Result<Self, UnknownApi> {
        path.parse()
    }
}

impl From<Api> for &'static str {
    fn from(api: Api) -> Self {
        api.path()
    }
}

impl fmt::Display for Api {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.path())
    }
}
