//! Errcodes of API signing and encryption (服务端 API 签名与加密).
//! <https://developers.weixin.qq.com/miniprogram/dev/server/getting_started/api_signature.html>

use super::{OUR_BUG, Verdict, WechatFailure, misconfigured};

entries! {
    40230 "缺少安全头 Serial" "header Wechatmp-Serial missing" => OUR_BUG;
    40231 "缺少安全头 TimeStamp" "header Wechatmp-TimeStamp missing" => OUR_BUG;
    40232 "缺少安全头 Signature" "header Wechatmp-Signature missing" => OUR_BUG;
    40233 "缺少安全头 Appid" "header Wechatmp-Appid missing" => OUR_BUG;
    40234 "签名错误" "invalid signature" => KEYS;
    40235 "密文错误,无法解密" "WeChat cannot decrypt the request" => KEYS;
    40236 "appid 错误" "invalid appid" => KEYS;
    40237 "appid 与 access_token 不符" "the appid and the access_token do not belong together"
        => KEYS;
    40238 "未设置对称密钥" "no symmetric key is set in the console" => KEYS;
    40239 "未设置公钥" "no public key is set in the console" => KEYS;
    40240 "时间戳过期" "expired timestamp"
        => Verdict {
            failure: Some(WechatFailure::BadAnswer),
            ..misconfigured("校准服务器时钟(NTP)", "set the server's clock right (NTP)")
        };
}

const KEYS: Verdict = misconfigured(
    "核对公众平台「API 安全」中的密钥、编号与配置是否一致",
    "compare the keys and their numbers in the console (API 安全) with the settings",
);
