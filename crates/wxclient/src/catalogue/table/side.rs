//! Codes that no server API answers: the phone's, and those of WeChat's decryption samples.

use super::{Actor, WechatFailure, console, front_end};

group! {
    SIDE "Beside the server API: on the phone, and in WeChat's decryption samples"
    104 "(前端)用户未同意隐私协议" "phone: the user has not accepted the privacy guideline"
        => front_end "引导用户同意隐私保护指引"
            "lead the user to the privacy guideline, to accept it"
            with { actor: Actor::EndUser };
    112 "(前端)隐私协议未声明该接口" "phone: the privacy guideline does not declare this API"
        => console "在公众平台的用户隐私保护指引中声明该接口"
            "declare the API in the privacy guideline, in the console";
    1_400_001 "(前端)手机号验证额度不足" "phone: the quota of phone numbers is used up"
        => console "在公众平台购买手机号验证额度" "buy phone number quota in the console";
    65206 "(前端)用户不在群内" "phone: the user is not in the group"
        => front_end "请用户从所在的群进入小程序" "the user opens the app from a group they are in"
            with { actor: Actor::EndUser };
    600_000 "(前端)未知网络错误" "phone: unknown network error" => NETWORK;
    600_001 "(前端)网络切换"
        "phone: the network changed (on iOS all requests under way fail when the phone leaves Wi-Fi)"
        => front_end "前端立即重发该请求;登录请求带同一个 code 与 nonce 重发"
            "the front end repeats the request at once; a login with the same code and nonce";
    600_003 "(前端)网络中断" "phone: network interrupted" => NETWORK;
    600_004 "(前端)网络逻辑错误" "phone: logic error of the network layer" => NETWORK;
    -41001 "(解密示例)session_key 长度错误" "samples: the session_key has a wrong length"
        => OPEN_DATA;
    -41002 "(解密示例)iv 长度错误" "samples: the iv has a wrong length" => OPEN_DATA;
    -41003 "(解密示例)解密失败或 appid 不符" "samples: the data does not open, or is of another app"
        => OPEN_DATA;
    -41004 "(解密示例)base64 错误" "samples: bad base64" => OPEN_DATA;
}

verdicts! {
    NETWORK = front_end "前端稍后重试该请求" "the front end repeats the request after a while";
    OPEN_DATA = front_end "检查 encryptedData 与 iv 是否原样传输(+ 未变成空格);若 session_key 已过期,先 wx.login 再操作"
        "send encryptedData and iv unchanged (a + must not become a space); if the session_key may be stale, wx.login first, then tap again"
        with { failure: Some(WechatFailure::OpenDataInvalid) };
}
