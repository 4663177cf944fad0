#!/usr/bin/env bash
# alova 3.5.5 (npm), createServerTokenAuthentication: a 401 never reaches `refreshTokenOnError`.
#
# Guess: an expired token is an error, so `refreshTokenOnError` with `isExpired: error =>
#   error.status === 401` is the place to renew it, as with axios; and requests that were sent with
#   one old token renew it once.
# Seen:  neither isExpired nor the renewal is called, and the 401's body is handed on as the result: a
#   status is not an error to the adapter. Under `refreshTokenOnSuccess` the token is renewed, once for
#   those whose 401 comes before the renewal has ended, and once more for each that comes later.
# Here:  a mini program on alova renews under refreshTokenOnSuccess, and throws in `onSuccess` for the
#   statuses that are left. Its `handler` should return at once if the token that was sent is no longer
#   the one it has.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
npm init -y > /dev/null && npm install --silent --no-audit --no-fund alova@3.5.5
cat > run.cjs <<'JS'
const { createServer } = require('node:http')
const { createAlova } = require('alova')
const { createServerTokenAuthentication } = require('alova/client')
const adapter = require('alova/fetch')
let valid, renewed
const server = createServer((request, answer) => {
  answer.setHeader('content-type', 'application/json')
  if (request.url === '/auth/refresh') { renewed += 1; return setTimeout(() => answer.end('{"token":"new"}'), 200) }
  if (request.headers.authorization === valid) return answer.end('{"name":"u"}')
  setTimeout(() => answer.writeHead(401).end('{"error":"token_expired"}'), request.url === '/late' ? 800 : 0)
})
server.listen(0, '127.0.0.1', async () => {
  const seen = {}
  for (const [place, ...paths] of [['refreshTokenOnError', '/a', '/b'], ['refreshTokenOnSuccess', '/a', '/b'], ['refreshTokenOnSuccess', '/a', '/b', '/late']]) {
    let token = 'old', asked = 0, api
    valid = 'new'; renewed = 0
    const { onAuthRequired, onResponseRefreshToken } = createServerTokenAuthentication({
      [place]: {
        isExpired: answer => { asked += 1; return answer.status === 401 },
        handler: async () => { token = (await api.Post('/auth/refresh', {}, { meta: { authRole: 'refreshToken' } })).token },
      },
      assignToken: method => { method.config.headers.authorization = token },
    })
    api = createAlova({ baseURL: `http://127.0.0.1:${server.address().port}`, requestAdapter: (adapter.default ?? adapter)(), cacheFor: null,
      beforeRequest: onAuthRequired(), responded: onResponseRefreshToken({ onSuccess: answer => answer.json() }) })
    const results = await Promise.all(paths.map(path => api.Get(path).send().catch(() => 'rejected')))
    seen[`${place} ${paths}`] = `isExpired asked: ${asked > 0}, renewed ${renewed} times, results ${results.map(result => result.name ?? result.error ?? result)}`
  }
  console.log(seen)
  server.close(); server.closeAllConnections()
  const wanted = ['isExpired asked: false, renewed 0 times, results token_expired,token_expired', 'isExpired asked: true, renewed 1 times, results u,u',
    'isExpired asked: true, renewed 2 times, results u,u,u']
  process.exit(Object.values(seen).join('; ') === wanted.join('; ') ? 0 : 1)
})
JS
node run.cjs
