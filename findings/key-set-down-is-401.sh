#!/usr/bin/env bash
# express-oauth2-jwt-bearer 1.10.0, koa-jwt 4.0.4, passport-jwt 4.0.1, express-jwt 8.5.1 with jwks-rsa
# 4.1.0 (npm), djangorestframework-simplejwt 5.5.1 (PyPI): which status a backend answers while the
# key set cannot be read.
#
# Guess: 5xx. The caller's token is good, so it is the backend that cannot do its work.
# Seen:  with a key set that answers 503 four of the five say 401, express-oauth2-jwt-bearer even with
#   `error="invalid_token"`, simplejwt with `token_not_valid`; only express-jwt says 500.
# Here:  a mini program that renews its tokens at every 401 renews them for nothing, and one that logs
#   out at the second 401 throws its users out, because the login service paused for a moment. Such a
#   backend should look at the error behind (koa's `originalError`, passport's `info`) and answer 503.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
npm init -y > /dev/null && npm install --silent --no-audit --no-fund express-oauth2-jwt-bearer@1.10.0 koa@3.3.0 koa-jwt@4.0.4 \
    passport@0.7.0 passport-jwt@4.0.1 express@5.3.0 express-jwt@8.5.1 jwks-rsa@4.1.0 jose@6.2.18
python3 -m venv venv && venv/bin/pip install --quiet --disable-pip-version-check djangorestframework-simplejwt==5.5.1 django==5.2.19 djangorestframework==3.18.3 \
    pyjwt==2.15.1 cryptography==50.0.2
cat > ask.py <<'PY'
import sys, django
from django.conf import settings
settings.configure(SECRET_KEY="not used", INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes"], SIMPLE_JWT={"ALGORITHM": "ES256", "JWK_URL": sys.argv[1], "USER_ID_CLAIM": "sub", "TOKEN_TYPE_CLAIM": None, "JTI_CLAIM": None})
django.setup()
from rest_framework.views import APIView
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory
from rest_framework_simplejwt.authentication import JWTStatelessUserAuthentication

class Me(APIView):
    authentication_classes = [JWTStatelessUserAuthentication]
    def get(self, request):
        return Response("ok")

answer = Me.as_view()(APIRequestFactory().get("/", HTTP_AUTHORIZATION="Bearer " + sys.argv[2]))
print(answer.status_code, answer.data.get("code", "") if isinstance(answer.data, dict) else "")
PY
cat > run.mjs <<'JS'
import { createServer } from 'node:http'
import { execFile } from 'node:child_process'
import { createRequire } from 'node:module'
import { promisify } from 'node:util'
import { generateKeyPair, exportJWK, SignJWT } from 'jose'
const require = createRequire(import.meta.url)
const jwks = require('jwks-rsa'), express = require('express'), passport = require('passport'), Koa = require('koa')
const { auth } = require('express-oauth2-jwt-bearer')
const { expressjwt } = require('express-jwt')
const { Strategy, ExtractJwt } = require('passport-jwt')
const { publicKey, privateKey } = await generateKeyPair('ES256')
const jwk = { ...(await exportJWK(publicKey)), kid: 'k', alg: 'ES256', use: 'sig' }
const issuer = 'https://login.example.com', audience = 'backend', algorithms = ['ES256']
const token = await new SignJWT({}).setProtectedHeader({ alg: 'ES256', kid: 'k' }).setIssuer(issuer).setAudience(audience).setSubject('1')
  .setIssuedAt().setExpirationTime('5m').sign(privateKey)
let down = true
const listen = handler => new Promise(done => { const server = createServer(handler).listen(0, '127.0.0.1', () => done(`http://127.0.0.1:${server.address().port}`)) })
const jwksUri = await listen((_, answer) => {
  if (down) return answer.writeHead(503).end()
  answer.setHeader('content-type', 'application/json'); answer.end(JSON.stringify({ keys: [jwk] }))
})
const ok = (_, answer) => answer.end('ok')
const withExpress = middleware => {
  const app = express()
  app.use(middleware, ok)
  app.use((error, request, answer, next) => answer.status(error.status ?? 500).set(error.headers ?? {}).end()) // what Express's own handler does
  return listen(app)
}
passport.use(new Strategy({ secretOrKeyProvider: jwks.passportJwtSecret({ jwksUri }), jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken(), algorithms },
  (claims, done) => done(null, { id: claims.sub })))
const koa = new Koa()
koa.silent = true
koa.use(require('koa-jwt')({ secret: jwks.koaJwtSecret({ jwksUri }), algorithms })).use(context => { context.body = 'ok' })
const apps = {
  'express-oauth2-jwt-bearer': await withExpress(auth({ issuer, audience, jwksUri, tokenSigningAlg: 'ES256', cooldownDuration: 0 })),
  'koa-jwt': await listen(koa.callback()),
  'passport-jwt': await withExpress(passport.authenticate('jwt', { session: false })),
  'express-jwt': await withExpress(expressjwt({ secret: jwks.expressJwtSecret({ jwksUri }), algorithms })),
}
const seen = {}
for (down of [true, false]) {
  const now = seen[down ? 'down' : 'up'] = {}
  for (const [name, url] of Object.entries(apps)) {
    const answer = await fetch(url, { headers: { authorization: `Bearer ${token}` } })
    now[name] = `${answer.status} ${/error="(\w+)"/.exec(answer.headers.get('www-authenticate') ?? '')?.[1] ?? ''}`.trim()
  }
  now.simplejwt = (await promisify(execFile)('venv/bin/python', ['ask.py', jwksUri, token])).stdout.trim()
}
console.log(seen)
const is = (now, ...wanted) => Object.values(now).join() === wanted.join()
process.exit(is(seen.down, '401 invalid_token', '401', '401', '500', '401 token_not_valid') && is(seen.up, '200', '200', '200', '200', '200') ? 0 : 1)
JS
node run.mjs
