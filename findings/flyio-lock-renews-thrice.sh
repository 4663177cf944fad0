#!/usr/bin/env bash
# flyio 0.6.14 (npm), its build for mini programs: `lock()` and a second interceptor.
#
# Guess: `fly.lock()` in the response interceptor makes three requests that get 401 at once wait for
#   one renewal; and `interceptors.request.use` adds an interceptor, as in axios.
# Seen:  lock() holds back new requests only. The three that are under way each enter the interceptor
#   and renew: three calls of the refresh endpoint. A second `use` replaces the first one.
# Here:  with refresh tokens that are used once, all but one of three renewals come with a token that
#   is spent. Keep the running renewal in a variable and let the others wait for it; and put token and
#   logging into one interceptor.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
npm init -y > /dev/null && npm install --silent --no-audit --no-fund flyio@0.6.14
cat > run.cjs <<'JS'
const Fly = require('flyio/dist/npm/wx')
let renewed = 0, token
globalThis.wx = { request: ({ url, header, success }) => setTimeout(() => {
  if (url.endsWith('/auth/refresh')) { renewed += 1; return success({ statusCode: 200, data: { token: 'new' }, header: {} }) }
  success({ statusCode: header.authorization === 'new' ? 200 : 401, data: {}, header: {} })
}, 20) }
const get = (fly, path) => fly.get(`https://login.example.com${path}`).then(answer => answer.status, error => error.status)
const run = async once => {
  const fly = new Fly(), plain = new Fly()
  let running
  token = 'old'; renewed = 0
  const renew = () => { fly.lock(); return plain.post('https://login.example.com/auth/refresh').then(answer => { token = answer.data.token }).finally(() => { fly.unlock(); running = undefined }) }
  fly.interceptors.request.use(request => { request.headers.authorization = token; return request })
  fly.interceptors.response.use(answer => answer, error => (once ? running ??= renew() : renew()).then(() => fly.request(error.request)))
  const statuses = await Promise.all(['/a', '/b', '/c'].map(path => get(fly, path)))
  return `${statuses}: renewed ${renewed} times`
}
const main = async () => {
  const seen = { 'lock()': await run(false), 'lock() and a variable': await run(true) }
  const fly = new Fly(), ran = []
  for (const name of ['token', 'logging']) fly.interceptors.request.use(request => { ran.push(name); return request })
  await get(fly, '/a')
  seen['interceptors that ran'] = ran.join()
  console.log(seen)
  process.exit(Object.values(seen).join('; ') === '200,200,200: renewed 3 times; 200,200,200: renewed 1 times; logging' ? 0 : 1)
}
main()
JS
node run.cjs
