//! The table: code, text, and how the request id follows.

use super::Tail;

/// Makes the enum, its list and its texts out of one table.
macro_rules! errcodes {
    ($($name:ident = $code:literal, $text:literal, $tail:ident;)*) => {
        /// The codes the sandbox itself answers with.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(i64)]
        pub(crate) enum Errcode {
            $($name = $code,)*
        }

        impl Errcode {
            const ALL: &[Self] = &[$(Self::$name,)*];

            pub(super) const fn text(self) -> (&'static str, Tail) {
                match self {
                    $(Self::$name => ($text, Tail::$tail),)*
                }
            }
        }
    };
}

impl Errcode {
    pub(super) fn of_number(code: i64) -> Option<Self> {
        let mut all = Self::ALL.iter().copied();
        all.find(|known| *known as i64 == code)
    }
}

errcodes! {
    SystemBusy = -1, "system error", None;
    DataMissing = 1, "data does not exist", ByPath;
    PluginBadParameter = 1001, "invalid parameter", ByPath;
    PluginAppMismatch = 1005, "plugin appid does not match", ByPath;
    PluginDataMissing = 1007, "openpid data does not exist", ByPath;
    PluginBadJson = 1022, "json parse error", ByPath;
    InvalidCredential = 40001, "invalid credential, access_token is invalid or not latest, could get access_token by getStableAccessToken, more details at https://mmbizurl.cn/s/JtxxFh33r", Space;
    InvalidGrantType = 40002, "invalid grant_type", ByPath;
    InvalidOpenid = 40003, "invalid openid", ByPath;
    InvalidAppId = 40013, "invalid appid", Space;
    MalformedToken = 40014, "invalid access_token", None;
    InvalidCode = 40029, "invalid code", Comma;
    InvalidUrl = 40066, "invalid url", Space;
    InvalidArguments = 40097, "invalid args", ByPath;
    InvalidAppSecret = 40125, "invalid appsecret", Comma;
    CodeUsed = 40163, "code been used", Comma;
    CodeBlocked = 40226, "code blocked", None;
    TimestampHeaderMissing = 40231, "missing header Wechatmp-TimeStamp", ByPath;
    SignatureHeaderMissing = 40232, "missing header Wechatmp-Signature", ByPath;
    AppIdHeaderMissing = 40233, "missing header Wechatmp-Appid", ByPath;
    SignatureWrong = 40234, "invalid signature", ByPath;
    CannotDecrypt = 40235, "invalid ciphertext", ByPath;
    HeaderAppIdInvalid = 40236, "invalid appid in header Wechatmp-Appid", ByPath;
    HeaderAppIdMismatch = 40237, "header Wechatmp-Appid does not match access_token", ByPath;
    NoSymmetricKey = 40238, "no symmetric key set", ByPath;
    NoPublicKey = 40239, "no public key set", ByPath;
    TimestampExpired = 40240, "expired timestamp", ByPath;
    SecretFrozen = 40243, "appsecret is frozen", ByPath;
    TokenMissing = 41001, "access_token missing", None;
    AppIdMissing = 41002, "appid missing", Comma;
    SecretMissing = 41004, "appsecret missing", ByPath;
    CodeMissing = 41008, "missing code", ByPath;
    ComponentAppIdMissing = 41018, "component_appid missing", ByPath;
    ComponentTokenMissing = 41021, "component_access_token missing", ByPath;
    TokenExpired = 42001, "access_token expired", Space;
    RequireGet = 43001, "require GET method", ByPath;
    RequirePost = 43002, "require POST method", ByPath;
    EmptyBody = 44002, "empty post data", ByPath;
    DailyQuota = 45009, "reach max api daily quota limit", Space;
    MinuteQuota = 45011, "api minute-quota reach limit, must slower, retry next minute", Comma;
    BadJson = 47001, "data format error", ByPath;
    ApiUnauthorized = 48001, "api unauthorized", Comma;
    ClearsUsedUp = 48006, "forbid to clear quota because of reaching the limit", ByPath;
    UserLimited = 50002, "user limited", Space;
    TokenForbidden = 50004, "token interface forbidden", ByPath;
    AccountFrozen = 50007, "account frozen", ByPath;
    NotAuthorizedToComponent = 61003, "component is not authorized by this account", ByPath;
    TicketExpired = 61005, "component ticket is expired", ByPath;
    TicketInvalid = 61006, "component ticket is invalid", ByPath;
    InvalidRefreshToken = 61023, "refresh_token is invalid", ByPath;
    PathMissing = 76021, "cgi_path not found, please check", ByPath;
    PathUnsupported = 76022, "could not use this cgi_path, no permission", ByPath;
    NoSession = 87007, "session_key is not existed or expired", ByPath;
    InvalidSigMethod = 87008, "invalid sig_method", ByPath;
    InvalidSignature = 87009, "invalid signature", None;
    NotBoundToOpenPlatform = 89002, "this app is not bound to an open platform account", ByPath;
    InvalidOrder = 89300, "invalid order", ByPath;
    IpToBeConfirmed = 89501, "this ip awaits the administrator's confirmation", ByPath;
    IpNotConfirmed = 89503, "this ip needs the administrator's confirmation, which has been asked for", ByPath;
    IpRefusedForADay = 89506, "the administrator refused this ip twice, try again after 24 hours", ByPath;
    IpRefusedForAnHour = 89507, "the administrator refused this ip, try again after 1 hour", ByPath;
    UsageParameter = 10_120_002, "invalid parameter", Space;
    GameSignature = 90010, "[signature] signature is invalid", Space;
    GamePaySig = 90011, "[pay_sig] pay_sig is invalid", Space;
    GameSession = 90016, "session_key is expired", Space;
    GameParameter = 90018, "invalid parameter", Space;
    PayOpenid = 268_490_001, "openid错误", Space;
    PayParameter = 268_490_002, "请求参数字段错误", Space;
    PaySignature = 268_490_003, "签名校验失败", Space;
    PayRepeated = 268_490_004, "重复操作", Space;
    PayTooFewCoins = 268_490_006, "代币的退款/支付操作金额不足", Space;
    PaySession = 268_490_009, "用户session_key不存在或已过期,请重新登录", Space;
}
