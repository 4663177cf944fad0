// Verifies tokens offline with the libraries of Node.js, each as a backend would set it up.
// Reads {issuer, jwksUri, audience, algorithm, tokens} and writes {library: {version, answers}}.
import { createServer } from 'node:http'
import { readFileSync } from 'node:fs'
import express from 'express'
import Koa from 'koa'
import passport from 'passport'
import jwks from 'jwks-rsa'
import koaJwt from 'koa-jwt'
import buildGetJwks from 'get-jwks'
import { Hono } from 'hono'
import { jwk } from 'hono/jwk'
import { auth } from 'express-oauth2-jwt-bearer'
import { createRemoteJWKSet, jwtVerify } from 'jose'
import { createVerifier } from 'fast-jwt'
import { expressjwt } from 'express-jwt'
import { ExtractJwt, Strategy } from 'passport-jwt'
import { JwtVerifier } from 'aws-jwt-verify'

const { issuer, jwksUri, audience, algorithm, tokens } = JSON.parse(readFileSync(0))
const algorithms = [algorithm]
const servers = []

// Asks a running backend who is asking.
async function asked(handler) {
  const server = createServer(handler).listen(0, '127.0.0.1')
  await new Promise(resolve => server.once('listening', resolve))
  servers.push(server)
  const url = `http://127.0.0.1:${server.address().port}/`
  return async token => {
    const answer = await fetch(url, { headers: { authorization: `Bearer ${token}` } })
    if (answer.status !== 200) throw new Error(`status ${answer.status}`)
    return answer.text()
  }
}

function onExpress(middleware, sub) {
  const app = express()
  app.use(middleware)
  app.get('/', (request, answer) => answer.send(sub(request)))
  app.use((error, _request, answer, _next) => answer.status(error.status ?? 500).end())
  return asked(app)
}

const libraries = {
  async jose() {
    const keys = createRemoteJWKSet(new URL(jwksUri))
    return async token => (await jwtVerify(token, keys, { issuer, audience, algorithms })).payload.sub
  },
  'express-jwt': () => onExpress(
    expressjwt({ secret: jwks.expressJwtSecret({ jwksUri, cache: true }), issuer, audience, algorithms }),
    request => request.auth.sub),
  async 'koa-jwt'() {
    const app = new Koa({ env: 'test' })
    app.silent = true
    app.use(koaJwt({ secret: jwks.koaJwtSecret({ jwksUri, cache: true }), issuer, audience, algorithms }))
    app.use(context => { context.body = context.state.user.sub })
    return asked(app.callback())
  },
  'passport-jwt'() {
    passport.use(new Strategy({
      jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken(),
      secretOrKeyProvider: jwks.passportJwtSecret({ jwksUri, cache: true }), issuer, audience, algorithms,
    }, (claims, done) => done(null, { id: claims.sub })))
    return onExpress(passport.authenticate('jwt', { session: false }), request => request.user.id)
  },
  async 'fast-jwt'() {
    const getJwks = buildGetJwks({ jwksPath: new URL(jwksUri).pathname })
    const verify = createVerifier({
      key: ({ header: { kid, alg } }) => getJwks.getPublicKey({ domain: new URL(jwksUri).origin, kid, alg }),
      allowedIss: issuer, allowedAud: audience, algorithms,
    })
    return async token => (await verify(token)).sub
  },
  async 'aws-jwt-verify'() {
    const verifier = JwtVerifier.create({ issuer, audience, jwksUri })
    return async token => (await verifier.verify(token)).sub
  },
  'express-oauth2-jwt-bearer': () => onExpress(
    auth({ issuerBaseURL: issuer, audience, tokenSigningAlg: algorithm, clockTolerance: 0 }),
    request => request.auth.payload.sub),
  async 'hono/jwk'() {
    const app = new Hono()
    app.use('/', jwk({ jwks_uri: jwksUri, alg: algorithms, verification: { iss: issuer, aud: audience } }))
    app.get('/', context => context.text(context.get('jwtPayload').sub))
    return async token => {
      const answer = await app.request('/', { headers: { authorization: `Bearer ${token}` } })
      if (answer.status !== 200) throw new Error(`status ${answer.status}`)
      return answer.text()
    }
  },
}

const found = {}
for (const [name, make] of Object.entries(libraries)) {
  const answers = {}
  let verify
  for (const [kind, token] of Object.entries(tokens)) {
    try {
      verify ??= await make()
      answers[kind] = await verify(token)
    } catch (error) {
      answers[kind] = `refused: ${error.code ?? ''} ${error.message}`
    }
  }
  // Some packages do not let their package.json be required.
  const manifest = new URL(`node_modules/${name.split('/')[0]}/package.json`, import.meta.url)
  found[name] = { version: JSON.parse(readFileSync(manifest)).version, answers }
}
console.log(JSON.stringify(found))
for (const server of servers) { server.close(); server.closeAllConnections() }
process.exit(0)
