// The receivers listen on every interface; in the test they listen on 127.0.0.1 alone.
import { Server } from 'node:net'

const listen = Server.prototype.listen
Server.prototype.listen = function (first, ...rest) {
  const callback = rest.filter(one => typeof one === 'function')
  return listen.call(this, { port: Number(first?.port ?? first), host: '127.0.0.1' }, ...callback)
}
