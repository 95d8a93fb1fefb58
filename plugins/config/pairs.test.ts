import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { assertFits, decode, parsePair } from './pairs.ts'

test('parsePair keeps everything after the first = byte for byte', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (value) => assert.deepEqual(parsePair(`KEY=${value}`), ['KEY', value])))
})

test('parsePair refuses what is no name of an environment variable', () => {
  for (const word of ['', 'KEY', '=x', '1A=x', 'A-B=x', 'A B=x', ' A=x', 'Ä=x', 'A\n=x'])
    assert.throws(() => parsePair(word), { code: 'bad-pair' })
})

test('decode takes base64 and refuses what is none', () => {
  assert.equal(decode('A', Buffer.from("two\nlines 'quoted'").toString('base64')), "two\nlines 'quoted'")
  assert.throws(() => decode('A', 'not base64!'), { code: 'bad-base64' })
})

test('assertFits refuses a value that is too long for one environment string, and says how long it is', () => {
  const longest = 'x'.repeat(128 * 1024 - 'KEY='.length - 1)
  assertFits('KEY', longest)
  assert.throws(() => assertFits('KEY', `${longest}x`), {
    code: 'config-too-long',
    message: /too long for one environment string \(131071 at most\)/,
  })
  assert.throws(() => assertFits('KEY', 'ä'.repeat(65_536)), { code: 'config-too-long' })
})

test('assertFits refuses a NUL byte', () => {
  assert.throws(() => assertFits('KEY', 'a\0b'), { code: 'config-nul' })
})
