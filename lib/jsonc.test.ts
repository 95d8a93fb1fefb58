import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseJsonc } from './jsonc.ts'

test('comments and trailing commas outside strings are tolerated', () => {
  assert.deepEqual(parseJsonc('{ // a comment\n "a": [1, 2,], /* "x" */ }'), { a: [1, 2] })
  assert.deepEqual(parseJsonc('{"url":"http://x/*,}"}'), { url: 'http://x/*,}' })
})

test('what is wrong is said with its place in the text as it was written', () => {
  assert.throws(() => parseJsonc('/* one\n two */ {"a": 1 "b"}'), /position 23/)
})
