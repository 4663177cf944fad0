//! WeChat's server APIs by name and path.

domain::named_enum! {
    /// A call of WeChat's server API that this crate makes, and its path after the host, without the
    /// query: safe to log.
    Api as path {
        /// 小程序登录, code2Session.
        Code2Session = "/sns/jscode2session",
        /// 获取稳定版接口调用凭据, getStableAccessToken.
        StableToken = "/cgi-bin/stable_token",
        /// 获取接口调用凭据, getAccessToken.
        Token = "/cgi-bin/token",
        /// 获取手机号, getPhoneNumber.
        GetPhoneNumber = "/wxa/business/getuserphonenumber",
        /// 检验登录态, checkSessionKey.
        CheckSession = "/wxa/checksession",
        /// 重置登录态, resetUserSessionKey.
        ResetSession = "/wxa/resetusersessionkey",
        /// 检查加密信息, checkEncryptedData.
        CheckEncryptedData = "/wxa/business/checkencryptedmsg",
        /// 支付后获取 UnionId, getPaidUnionid.
        GetPaidUnionid = "/wxa/getpaidunionid",
        /// 获取插件用户 openpid, getPluginOpenPId.
        GetPluginOpenpid = "/wxa/getpluginopenpid",
        /// 获取用户 encryptKey, getUserEncryptKey.
        GetUserEncryptKey = "/wxa/business/getuserencryptkey",
        /// 查询购买资源包的用量情况, getUsageDetail.
        GetUsage = "/wxa/charge/usage/get",
        /// 小程序登录 for a third-party platform, thirdpartyCode2Session.
        ComponentCode2Session = "/sns/component/jscode2session",
        /// 获取第三方平台令牌, getComponentAccessToken.
        ComponentToken = "/cgi-bin/component/api_component_token",
        /// 获取授权账号调用令牌, getAuthorizerAccessToken.
        AuthorizerToken = "/cgi-bin/component/api_authorizer_token",
    }
}
