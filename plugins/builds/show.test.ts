import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sayDuration, table } from './show.ts'

test('a duration is said as Dokku says it', () => {
  assert.deepEqual([0, 74, 3600, 3725].map(sayDuration), ['0s', '1m14s', '1h0m0s', '1h2m5s'])
})

test('a table has its columns aligned and no blanks at the end', () => {
  assert.deepEqual(
    table([
      ['ID', 'Status', 'Release'],
      ['12', 'ok', ''],
    ]),
    ['ID  Status  Release', '12  ok'],
  )
})
