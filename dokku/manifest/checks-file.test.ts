import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseChecksFile } from './checks-file.ts'

test('the old file CHECKS becomes health checks', () => {
  const checks = parseChecksFile(
    '# old\nWAIT=2\nTIMEOUT=7\nATTEMPTS=4\n\n/up  all is well\nhttp://shop.example.com/page hello\n//other.example.com\n',
  )
  assert.deepEqual(
    checks.map(({ path, content, wait, timeout, attempts, httpHeaders }) => [
      path,
      content,
      wait,
      timeout,
      attempts,
      httpHeaders[0]?.value,
    ]),
    [
      ['/up', 'all is well', 2, 7, 4, undefined],
      ['/page', 'hello', 2, 7, 4, 'shop.example.com'],
      ['/', undefined, 2, 7, 4, 'other.example.com'],
    ],
  )
})

test('a line of CHECKS that is nothing is named', () => {
  for (const line of ['WAIT=soon', 'NAP=3', 'nonsense here', 'ATTEMPTS=0'])
    assert.throws(() => parseChecksFile(`WAIT=1\n${line}\n`), { code: 'bad-checks-file', message: /^CHECKS:2: / }, line)
})
