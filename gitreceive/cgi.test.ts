import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cgiHead } from './cgi.ts'

/** What is told and what is body, of an answer that comes in these pieces. */
function read(...pieces: string[]) {
  const told: unknown[] = []
  const head = cgiHead((status, headers) => told.push([status, headers]))
  const body = pieces.map((piece) => head(Buffer.from(piece))?.toString())
  return { told, body: body.join('') }
}

const whole = 'Status: 404 Not Found\r\nContent-Type: text/plain\r\n\r\nnot\r\n\r\nhere'

test('cgiHead tells status and headers once, and what follows is body', () => {
  assert.deepEqual(read(whole), { told: [[404, { 'content-type': 'text/plain' }]], body: 'not\r\n\r\nhere' })
  assert.deepEqual(read('Expires: 0\n\n'), { told: [[200, { expires: '0' }]], body: '' })
})

test('cgiHead reads the same from pieces of any size', () => {
  assert.deepEqual(read(...whole), read(whole))
})

test('cgiHead gives up a head that does not end', () => {
  const head = cgiHead(() => assert.fail())
  assert.equal(head(Buffer.alloc(100_000, 'x')), undefined)
})
