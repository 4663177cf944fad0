//! Codes of `wx.requestVirtualPayment` other than those of its signatures
//! (<https://developers.weixin.qq.com/miniprogram/dev/api/payment/wx.requestVirtualPayment.html>).

use super::{Actor, Category, Verdict, console, front_end};

entries! {
    -15001 "(前端)虚拟支付参数错误,原因见 errMsg" "phone: a parameter of the payment is wrong, errMsg says which"
        => ORDER;
    -15002 "(前端)outTradeNo 已使用过" "phone: the outTradeNo has been used" => NEW_ORDER;
    -15003 "(前端)虚拟支付系统错误" "phone: the payment system failed" => LATER;
    -15004 "(前端)currencyType 错误" "phone: the currencyType is wrong" => ORDER;
    -15008 "(前端)二级商户进件未完成" "phone: the merchant has not been admitted yet" => CONSOLE;
    -15009 "(前端)代币未发布" "phone: the coin is not published" => PUBLISH;
    -15010 "(前端)道具 productId 未发布" "phone: the productId is not published" => PUBLISH;
    -15011 "(前端)现网版本不能使用沙箱(env 须为 0)" "phone: the released version may not use the sandbox (env must be 0)"
        => ORDER;
    -15012 "(前端)下单失败,订单已关闭" "phone: the order failed and is closed" => NEW_ORDER;
    -15013 "(前端)goodsPrice 与道具价格不一致" "phone: the goodsPrice is not the product's" => ORDER;
    -15014 "(前端)道具或代币的发布尚未生效" "phone: the product or coin was published a moment ago" => LATER;
    -15015 "(前端)虚拟支付失败,原因见 errMsg" "phone: the payment failed, errMsg says why" => ORDER;
    -15016 "(前端)signData 格式错误" "phone: signData is malformed" => ORDER;
    -15017 "(前端)商户收款功能受限" "phone: the merchant may not receive money" => CONSOLE;
    -15018 "(前端)道具审核未通过" "phone: the product did not pass the review" => PUBLISH;
    -15019 "(前端)商户受限" "phone: the merchant is restricted" => CONSOLE;
    -15020 "(前端)操作过快" "phone: the user taps too fast" => LATER;
    -15021 "(前端)小程序交易被限频" "phone: the mini program sells too often" => LATER;
    -15022 "(前端)虚拟支付失败,原因见 errMsg" "phone: the payment failed, errMsg says why" => ORDER;
    -15023 "(前端)虚拟支付失败,原因见 errMsg" "phone: the payment failed, errMsg says why" => ORDER;
    -15024 "(前端)虚拟支付失败,原因见 errMsg" "phone: the payment failed, errMsg says why" => ORDER;
    -15025 "(前端)虚拟支付失败,原因见 errMsg" "phone: the payment failed, errMsg says why" => ORDER;
    -15026 "(前端)虚拟支付失败,原因见 errMsg" "phone: the payment failed, errMsg says why" => ORDER;
    -15027 "(前端)虚拟支付失败,原因见 errMsg" "phone: the payment failed, errMsg says why" => ORDER;
}

// The phone shows a code of its own, so nothing follows for the service.

const ORDER: Verdict = front_end(
    "支付后端:按 errMsg 修正 signData 或 mode,换新的 outTradeNo 重新下单并签名",
    "the payment backend corrects signData or mode as errMsg says, and signs a new order with a new outTradeNo",
);

const NEW_ORDER: Verdict = front_end(
    "支付后端:换新的 outTradeNo 重新下单;每个 outTradeNo 只能使用一次",
    "the payment backend makes a new order; WeChat takes each outTradeNo once",
);

const PUBLISH: Verdict = console(
    "在小程序后台「虚拟支付」中为对应的 env 发布道具或代币,约 10 分钟后生效",
    "publish the product or coin for this env on the virtual payment page of WeChat's console; it takes effect within some 10 minutes",
);

const CONSOLE: Verdict = console(
    "在小程序后台「虚拟支付」与商户平台查看商户状态并按提示处理",
    "look at the merchant's state on the virtual payment page of WeChat's console and in the merchant platform, and do what it asks for",
);

const LATER: Verdict = Verdict {
    category: Category::Busy,
    actor: Actor::None,
    ..front_end(
        "稍后由用户再次点击购买;刚发布的道具约 10 分钟后生效",
        "the user taps again later; what was just published takes effect within some 10 minutes",
    )
};
