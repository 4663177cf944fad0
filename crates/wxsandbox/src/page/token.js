/** Reads a token, and checks its signature with the service's published keys. */

const bytes = text => Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), byte => byte.charCodeAt(0))
const json = part => JSON.parse(new TextDecoder().decode(bytes(part)))

/** Header and claims of a JWT. */
export function decode(token) {
  const [header, claims] = token.split('.')
  return { header: json(header), claims: json(claims) }
}

const algorithms = {
  EdDSA: { name: 'Ed25519' },
  ES256: { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' },
  RS256: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' },
}

/** Whether the signature holds; `undefined` if this browser cannot tell. */
export async function verify(token, { keys }) {
  const [header, claims, signature] = token.split('.')
  const { alg, kid } = json(header)
  const key = keys.find(key => key.kid === kid)
  const algorithm = algorithms[alg]
  if (!key || !algorithm) return key ? undefined : false
  try {
    const imported = await crypto.subtle.importKey('jwk', { kty: key.kty, crv: key.crv, x: key.x, y: key.y, n: key.n, e: key.e }, algorithm, false, ['verify'])
    return await crypto.subtle.verify(algorithm, imported, bytes(signature), new TextEncoder().encode(`${header}.${claims}`))
  } catch {
    return undefined
  }
}
