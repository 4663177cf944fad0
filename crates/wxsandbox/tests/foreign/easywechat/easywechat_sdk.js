// node-easywechat, which knows nothing of the sandbox, logs in at it.
//
// Usage: node easywechat_sdk.js BASE_URL APP_ID APP_SECRET
'use strict';
const assert = require('node:assert/strict');
const { createHmac } = require('node:crypto');
const { createRequire } = require('node:module');

// The packages are not beside this file but where run.sh has put them.
const { MiniApp } = createRequire(process.cwd() + '/')('node-easywechat');

const [base, appId, secret] = process.argv.slice(2);

/** A client as a backend makes it, with nothing cached. */
function sdk(options = {}) {
  const app = new MiniApp({
    app_id: appId,
    secret,
    http: { baseURL: base + '/', timeout: 5000 },
    ...options,
  });
  const kept = new Map();
  app.setCache({
    get: async (key) => kept.get(key) ?? null,
    set: async (key, value) => (kept.set(key, value), true),
    has: async (key) => kept.has(key),
    delete: async (key) => kept.delete(key),
  });
  return app;
}

async function atTheSandbox(path) {
  const answer = await fetch(base + path, { method: 'POST' });
  assert.ok(answer.ok, `${path}: ${answer.status}`);
  const text = await answer.text();
  return text ? JSON.parse(text) : null;
}

const alice = (act) => atTheSandbox(`/phone/alice/${act}`);
const session = async () => sdk().getUtils().codeToSession((await alice('login')).code);
const signature = (key) => createHmac('sha256', key).update('').digest('hex');

async function check(app, user, key) {
  const params = { openid: user.openid, signature: signature(key), sig_method: 'hmac_sha256' };
  return (await app.getClient().get('/wxa/checksession', { params })).toObject();
}

const tests = {
  async 'a code is exchanged for a session'() {
    const user = await session();
    assert.match(user.openid, /^o.{27}$/);
    assert.equal(user.session_key.length, 24);
    assert.match(user.unionid, /^o/);
  },
  async 'a code is exchanged once'() {
    const { code } = await alice('login');
    await sdk().getUtils().codeToSession(code);
    await assert.rejects(() => sdk().getUtils().codeToSession(code), /40163/);
  },
  async 'a code that is none is refused'() {
    await assert.rejects(() => sdk().getUtils().codeToSession('the code is a mock one'), /40029/);
  },
  async 'a plain token is new each time'() {
    const one = await sdk().getAccessToken().getToken();
    const other = await sdk().getAccessToken().getToken();
    assert.ok(one && other && one !== other);
  },
  async 'a stable token stays the same'() {
    const stable = { use_stable_access_token: true };
    const one = await sdk(stable).getAccessToken().getToken();
    assert.equal(await sdk(stable).getAccessToken().getToken(), one);
  },
  async 'a wrong secret is refused'() {
    await assert.rejects(() => sdk({ secret: '0'.repeat(32) }).getAccessToken().getToken(), /40125/);
  },
  async 'a phone code gives the number'() {
    const { openid } = await session();
    const { code } = await alice('phone-number');
    const asked = { json: { code, openid } };
    const app = sdk({ use_stable_access_token: true });
    const answer = await app.getClient().post('/wxa/business/getuserphonenumber', asked);
    const number = answer.toObject().phone_info;
    assert.equal(number.purePhoneNumber, '13800138000');
    assert.equal(String(number.countryCode), '86');
    assert.equal(number.watermark.appid, appId);
  },
  async 'a session_key is checked'() {
    const user = await session();
    assert.equal((await check(sdk(), user, user.session_key)).errcode, 0);
    const other = 'AAAAAAAAAAAAAAAAAAAAAA==';
    const answer = await check(sdk({ http: { baseURL: base + '/', throw: false } }), user, other);
    assert.equal(answer.errcode, 87009);
  },
  async 'a profile is decrypted'() {
    const { session_key } = await session();
    const { iv, encryptedData, userInfo } = await alice('profile');
    const opened = sdk().getUtils().decryptSession(session_key, iv, encryptedData);
    assert.equal(opened.nickName, userInfo.nickName);
    assert.equal(opened.watermark.appid, appId);
  },
  async 'a phone number is decrypted'() {
    const { session_key } = await session();
    const { iv, encryptedData } = await alice('phone-number');
    const opened = sdk().getUtils().decryptSession(session_key, iv, encryptedData);
    assert.equal(opened.purePhoneNumber, '13800138000');
  },
};

(async () => {
  for (const [name, test] of Object.entries(tests)) {
    try {
      await test();
      console.log(`ok    easywechat: ${name}`);
    } catch (error) {
      process.exitCode = 1;
      console.log(`FAIL  easywechat: ${name}\n${error.stack}`);
    }
  }
})();
