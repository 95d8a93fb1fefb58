import assert from 'node:assert/strict'
import { createPublicKey, verify } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { newAccountKey, signer } from './jws.ts'
import { described, retryAfter } from './problem.ts'
import { serial } from './renewal.ts'

test('what is asked is signed with the key of the account', () => {
  const key = newAccountKey()
  const about = { url: 'https://ca.test/order', nonce: 'n', account: undefined }
  const { protected: head, payload, signature } = JSON.parse(signer(key).sign({ a: 1 }, about))
  const signed = Buffer.from(`${head}.${payload}`)
  const shown = { key: createPublicKey(key), dsaEncoding: 'ieee-p1363' as const }
  assert.ok(verify('sha256', signed, shown, Buffer.from(signature, 'base64url')))
  const { alg, nonce, url, jwk } = JSON.parse(Buffer.from(head, 'base64url').toString())
  assert.deepEqual([alg, nonce, url, Object.keys(jwk)], ['ES256', 'n', about.url, ['crv', 'kty', 'x', 'y']])
  const later = JSON.parse(signer(key).sign('', { ...about, account: 'https://ca.test/acct/1' }))
  assert.equal(later.payload, '')
  assert.equal(JSON.parse(Buffer.from(later.protected, 'base64url').toString()).kid, 'https://ca.test/acct/1')
})

test('an answer to a challenge is the token and the thumbprint of the key', () => {
  const key = newAccountKey()
  assert.match(signer(key).answer('token'), /^token\.[\w-]{43}$/)
  assert.equal(signer(key).answer('a').slice(1), signer(key).answer('b').slice(1))
})

test('a serial number that would look negative begins with a zero byte', () => {
  assert.deepEqual(['87', '7F', '0A', 'A', 'FFEE'].map(serial), ['0087', '7F', '0A', '0A', '00FFEE'])
})

test('retry-after is seconds or a date, a day ahead at most, and anything else is none', () => {
  const now = Date.parse('2026-01-01T00:00:00Z')
  const at = (text?: string) => retryAfter({ headers: text === undefined ? {} : { 'retry-after': text } }, now)?.toISOString()
  assert.deepEqual(
    [at('90'), at('Thu, 01 Jan 2026 00:05:00 GMT'), at('999999999'), at('-5'), at('soon'), at()],
    ['2026-01-01T00:01:30.000Z', '2026-01-01T00:05:00.000Z', '2026-01-02T00:00:00.000Z', '2026-01-01T00:00:00.000Z', undefined, undefined],
  )
})

test('whatever a problem says becomes one line of bounded length', () => {
  fc.assert(
    fc.property(fc.anything(), fc.string(), (value, detail) => {
      for (const one of [value, { detail, subproblems: [{ detail }] }]) {
        const { message } = described(one, 'no reason')
        assert.ok(message.length < 1200 && !/\p{C}/u.test(message))
      }
    }),
  )
})
