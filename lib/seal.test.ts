import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { newSealKey, seal, sealKey, unseal } from './seal.ts'

const key = newSealKey()
const ring = new Map([[key.id, key]])

test('unseal gives back what was sealed, whatever it is, and never the same text twice', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const sealed = seal(text, key)
      assert.equal(unseal(sealed, ring), text)
      assert.notEqual(seal(text, key), sealed)
    }),
  )
})

test('unseal gives back what was never sealed', () => assert.equal(unseal('plain', ring), 'plain'))

test('unseal names the key that is missing', () => {
  const other = newSealKey()
  assert.throws(() => unseal(seal('x', other), ring), { code: 'no-seal-key', message: new RegExp(other.id) })
})

test('unseal refuses what was changed, wherever', () => {
  const sealed = seal('some text', key)
  const start = sealed.lastIndexOf(':') + 1
  const bytes = Buffer.from(sealed.slice(start), 'base64')
  for (const at of bytes.keys()) {
    const changed = Buffer.from(bytes)
    changed[at] = (changed[at] ?? 0) ^ 1
    assert.throws(() => unseal(sealed.slice(0, start) + changed.toString('base64'), ring), { code: 'seal-broken' })
  }
  for (const cut of [`sealed:${key.id}:`, `sealed:${key.id}:AAAA`, `sealed:${key.id}`]) assert.throws(() => unseal(cut, ring))
})

test('sealKey refuses what is no key', () => assert.throws(() => sealKey(Buffer.alloc(31)), /32 bytes/))
