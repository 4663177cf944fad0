"""wechatpy, which knows nothing of the sandbox, logs in at it.

Usage: wechatpy_sdk.py BASE_URL APP_ID APP_SECRET
"""

import hashlib
import hmac
import json
import sys
import traceback
import urllib.request

import requests.adapters
from wechatpy import WeChatClient
from wechatpy.crypto import WeChatWxaCrypto
from wechatpy.exceptions import APILimitedException, InvalidAppIdException, WeChatClientException

BASE, APP_ID, SECRET = sys.argv[1:]
WECHAT = "https://api.weixin.qq.com"
# wechatpy has no methods for these; its client makes any call with the token.
PHONE_NUMBER = WECHAT + "/wxa/business/getuserphonenumber"
CHECK_SESSION = WECHAT + "/wxa/checksession"


class ToTheSandbox(requests.adapters.HTTPAdapter):
    """wechatpy's API_BASE_URL does not reach its token call, whose URL is fixed."""

    def send(self, request, **options):
        request.url = request.url.replace(WECHAT, BASE, 1)
        return super().send(request, **options)


def sdk():
    """A client as a backend makes it, with nothing cached."""
    client = WeChatClient(APP_ID, SECRET, timeout=5)
    client._http.mount(WECHAT, ToTheSandbox())
    return client


def at_the_sandbox(path, body=None):
    data = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(BASE + path, data, headers, method="POST")
    with urllib.request.urlopen(request, timeout=5) as answer:
        return json.loads(answer.read() or b"null")


def alice(act):
    return at_the_sandbox(f"/phone/alice/{act}")


def session():
    return sdk().wxa.code_to_session(alice("login")["code"])


def refused(errcode, call):
    try:
        answer = call()
    except WeChatClientException as error:
        assert error.errcode == errcode, error
    else:
        raise AssertionError(f"{errcode} was expected: {answer}")


def a_code_is_exchanged_for_a_session():
    answer = session()
    assert answer["openid"].startswith("o") and len(answer["openid"]) == 28, answer
    assert len(answer["session_key"]) == 24, answer
    assert answer["unionid"].startswith("o"), answer


def a_code_is_exchanged_once():
    code = alice("login")["code"]
    sdk().wxa.code_to_session(code)
    refused(40163, lambda: sdk().wxa.code_to_session(code))


def a_code_that_is_none_is_refused():
    refused(40029, lambda: sdk().wxa.code_to_session("the code is a mock one"))


def a_wrong_secret_is_refused():
    client = WeChatClient(APP_ID, "0" * 32)
    client._http.mount(WECHAT, ToTheSandbox())
    refused(40125, client.fetch_access_token)


def a_token_is_fetched_and_lives_two_hours():
    token = sdk().fetch_access_token()
    assert token["access_token"] and token["expires_in"] == 7200, token


def a_phone_code_gives_the_number():
    openid = session()["openid"]
    body = {"code": alice("phone-number")["code"], "openid": openid}
    answer = sdk().post(PHONE_NUMBER, data=body)
    number = answer["phone_info"]
    assert number["purePhoneNumber"] == "13800138000", answer
    assert str(number["countryCode"]) == "86", answer
    assert number["watermark"]["appid"] == APP_ID, answer
    refused(40029, lambda: sdk().post(PHONE_NUMBER, data={"code": "0" * 64}))


def check(client, user, key):
    signature = hmac.new(key.encode(), b"", hashlib.sha256).hexdigest()
    params = {"openid": user["openid"], "signature": signature, "sig_method": "hmac_sha256"}
    return client.get(CHECK_SESSION, params=params)


def a_session_key_is_checked():
    user = session()
    assert check(sdk(), user, user["session_key"])["errcode"] == 0
    refused(87009, lambda: check(sdk(), user, "AAAAAAAAAAAAAAAAAAAAAA=="))


def a_profile_is_decrypted():
    key, profile = session()["session_key"], alice("profile")
    opened = WeChatWxaCrypto(key, profile["iv"], APP_ID).decrypt_message(profile["encryptedData"])
    assert opened["nickName"] == profile["userInfo"]["nickName"], opened
    text = (profile["rawData"] + key).encode()
    assert hashlib.sha1(text).hexdigest() == profile["signature"]


def a_phone_number_is_decrypted():
    key, phone = session()["session_key"], alice("phone-number")
    opened = WeChatWxaCrypto(key, phone["iv"], APP_ID).decrypt_message(phone["encryptedData"])
    assert opened["purePhoneNumber"] == "13800138000", opened


def data_of_another_app_is_told_by_its_watermark():
    key, phone = session()["session_key"], alice("phone-number")
    try:
        WeChatWxaCrypto(key, phone["iv"], "wx0000000000000000").decrypt_message(phone["encryptedData"])
    except InvalidAppIdException:
        return
    raise AssertionError("the watermark was not seen")


def a_token_that_another_program_has_replaced_is_fetched_anew():
    client, user = sdk(), session()
    client.fetch_access_token()
    at_the_sandbox(f"/sandbox/apps/{APP_ID}/revoke-tokens")
    assert check(client, user, user["session_key"])["errcode"] == 0


def a_used_up_quota_is_told():
    fault = {"api": "/sns/jscode2session", "effect": "errcode", "code": 45009, "times": 1}
    client = sdk()
    client.fetch_access_token()
    at_the_sandbox("/sandbox/faults", fault)
    try:
        client.wxa.code_to_session(alice("login")["code"])
    except APILimitedException:
        return
    raise AssertionError("the limit was not seen")


TESTS = [
    a_code_is_exchanged_for_a_session,
    a_code_is_exchanged_once,
    a_code_that_is_none_is_refused,
    a_wrong_secret_is_refused,
    a_token_is_fetched_and_lives_two_hours,
    a_phone_code_gives_the_number,
    a_session_key_is_checked,
    a_profile_is_decrypted,
    a_phone_number_is_decrypted,
    data_of_another_app_is_told_by_its_watermark,
    a_token_that_another_program_has_replaced_is_fetched_anew,
    a_used_up_quota_is_told,
]

failed = 0
for test in TESTS:
    try:
        test()
        print(f"ok    wechatpy: {test.__name__}")
    except Exception:
        failed += 1
        print(f"FAIL  wechatpy: {test.__name__}")
        traceback.print_exc(file=sys.stdout)
sys.exit(1 if failed else 0)
