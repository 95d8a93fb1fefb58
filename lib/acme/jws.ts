import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { z } from 'zod'

const jwk = z.object({ crv: z.literal('P-256'), kty: z.literal('EC'), x: z.string(), y: z.string() })

/** The key of an account: P-256, in PEM. */
export function newAccountKey(): string {
  return String(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' }))
}

/** Signs what is asked of a certificate authority (RFC 8555, 6.2). */
export interface Signer {
  /** The flattened JWS of a payload; '' is a POST-as-GET. Without an account's URL, the key itself goes along. */
  sign(payload: unknown, about: { url: string; nonce: string; account: string | undefined }): string
  /** What a challenge is answered with: TOKEN.THUMBPRINT. */
  answer(token: string): string
  /** Binds the account to one that a person has at the authority (7.3.4): `key` is base64url. */
  bind(url: string, outside: { kid: string; key: string }, hmac: (text: string, key: Buffer) => Buffer): unknown
}

/** A signer with the key of an account, in PEM. */
export function signer(pem: string): Signer {
  const key = createPrivateKey(pem)
  const shown = publicJwk(key)
  // The members that count, in their order (RFC 7638).
  const thumbprint = createHash('sha256').update(JSON.stringify(shown)).digest('base64url')
  return {
    sign: (payload, { url, nonce, account }) => {
      const head = encoded({ alg: 'ES256', nonce, url, ...(account === undefined ? { jwk: shown } : { kid: account }) })
      const body = payload === '' ? '' : encoded(payload)
      const signature = sign('sha256', Buffer.from(`${head}.${body}`), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')
      return JSON.stringify({ protected: head, payload: body, signature })
    },
    answer: (token) => `${token}.${thumbprint}`,
    bind: (url, { kid, key: secret }, hmac) => {
      const head = encoded({ alg: 'HS256', kid, url })
      const body = encoded(shown)
      return { protected: head, payload: body, signature: hmac(`${head}.${body}`, Buffer.from(secret, 'base64url')).toString('base64url') }
    },
  }
}

function publicJwk(key: KeyObject) {
  const { crv, kty, x, y } = jwk.parse(createPublicKey(key).export({ format: 'jwk' }))
  return { crv, kty, x, y }
}

function encoded(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}
