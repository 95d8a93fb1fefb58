import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { upstreamKey } from './routes.ts'
import { formatTable, parseTable } from './tables.ts'

test('a table is one line per entry', () => {
  const table = new Map([
    ['a', '10.0.0.2:5000 10.0.0.3:5000'],
    ['b', ''],
  ])
  assert.equal(formatTable(table), 'a 10.0.0.2:5000 10.0.0.3:5000\nb\n')
  assert.equal(formatTable(new Map()), '')
})

test('a table that is written is read back', () => {
  const key = fc.tuple(fc.ipV4(), fc.integer({ min: 1, max: 65535 })).map(([address, port]) => upstreamKey({ address, port }))
  const upstreams = fc.array(key, { minLength: 1, maxLength: 5 }).map((keys) => keys.join(' '))
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.stringMatching(/^[a-z0-9][a-z0-9.-]{0,20}$/), upstreams)), (entries) => {
      const table = new Map(entries)
      assert.deepEqual(parseTable(formatTable(table)), table)
    }),
  )
})
