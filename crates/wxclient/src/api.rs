//! WeChat's server APIs by name and path.

use std::fmt;

/// A call of WeChat's server API that this crate makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Api {
    /// 小程序登录, code2Session.
    Code2Session,
    /// 获取稳定版接口调用凭据, getStableAccessToken.
    StableToken,
    /// 获取接口调用凭据, getAccessToken.
    Token,
    /// 获取手机号, getPhoneNumber.
    GetPhoneNumber,
    /// 检验登录态, checkSessionKey.
    CheckSession,
    /// 重置登录态, resetUserSessionKey.
    ResetSession,
    /// 检查加密信息, checkEncryptedData.
    CheckEncryptedData,
    /// 支付后获取 UnionId, getPaidUnionid.
    GetPaidUnionid,
    /// 获取插件用户 openpid, getPluginOpenPId.
    GetPluginOpenpid,
    /// 获取用户 encryptKey, getUserEncryptKey.
    GetUserEncryptKey,
    /// 查询购买资源包的用量情况, getUsageDetail.
    GetUsage,
    /// 小程序登录 for a third-party platform, thirdpartyCode2Session.
    ComponentCode2Session,
    /// 获取第三方平台令牌, getComponentAccessToken.
    ComponentToken,
    /// 获取授权账号调用令牌, getAuthorizerAccessToken.
    AuthorizerToken,
}

impl Api {
    /// Every API.
    pub const ALL: [Self; 14] = [
        Self::Code2Session,
        Self::StableToken,
        Self::Token,
        Self::GetPhoneNumber,
        Self::CheckSession,
        Self::ResetSession,
        Self::CheckEncryptedData,
        Self::GetPaidUnionid,
        Self::GetPluginOpenpid,
        Self::GetUserEncryptKey,
        Self::GetUsage,
        Self::ComponentCode2Session,
        Self::ComponentToken,
        Self::AuthorizerToken,
    ];

    /// The path after the host, without the query: safe to log.
    #[must_use]
    pub const fn path(self) -> &'static str {
        match self {
            Self::Code2Session => "/sns/jscode2session",
            Self::StableToken => "/cgi-bin/stable_token",
            Self::Token => "/cgi-bin/token",
            Self::GetPhoneNumber => "/wxa/business/getuserphonenumber",
            Self::CheckSession => "/wxa/checksession",
            Self::ResetSession => "/wxa/resetusersessionkey",
            Self::CheckEncryptedData => "/wxa/business/checkencryptedmsg",
            Self::GetPaidUnionid => "/wxa/getpaidunionid",
            Self::GetPluginOpenpid => "/wxa/getpluginopenpid",
            Self::GetUserEncryptKey => "/wxa/business/getuserencryptkey",
            Self::GetUsage => "/wxa/charge/usage/get",
            Self::ComponentCode2Session => "/sns/component/jscode2session",
            Self::ComponentToken => "/cgi-bin/component/api_component_token",
            Self::AuthorizerToken => "/cgi-bin/component/api_authorizer_token",
        }
    }
}

impl fmt::Display for Api {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.path())
    }
}
