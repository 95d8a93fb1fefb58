import assert from 'node:assert/strict'
import { test } from 'node:test'
import { combined } from './access-line.ts'

const line = {
  site: 'app-1',
  at: 1_800_000_000.123,
  remote: '203.0.113.7',
  user: '',
  method: 'GET',
  uri: '/a?b="c"',
  protocol: 'HTTP/1.1',
  status: 200,
  bytes: 12,
  referer: '',
  agent: 'evil\u001b[31m\\',
}

test('a request is shown as nginx’s own combined format has it, and nothing in it reaches a terminal', () => {
  assert.equal(
    combined(JSON.stringify(line)),
    '203.0.113.7 - - [15/Jan/2027:08:00:00 +0000] "GET /a?b=\\x22c\\x22 HTTP/1.1" 200 12 "-" "evil\\x1B[31m\\x5C"',
  )
})

test('what is no line of the access log stays as it is', () => {
  for (const other of ['', 'text', '{"site":"app-1"}', '[]']) assert.equal(combined(other), other)
})
