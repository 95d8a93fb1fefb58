import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { formatRoutes, parseRoutes, routes, upstreamKey } from './routes.ts'

test('an upstream is named as nginx names it', () => {
  assert.equal(upstreamKey({ address: '10.0.0.2', port: 5000 }), '10.0.0.2:5000')
  assert.equal(upstreamKey({ address: 'fd00::2', port: 5000 }), '[fd00::2]:5000')
})

test('routes are one line per site', () => {
  const table = new Map([
    ['a', '10.0.0.2:5000 10.0.0.3:5000'],
    ['b', ''],
  ])
  assert.equal(formatRoutes(table), 'a 10.0.0.2:5000 10.0.0.3:5000\nb\n')
  assert.equal(formatRoutes(new Map()), '')
})

test('routes that are written are read back', () => {
  const key = fc.tuple(fc.ipV4(), fc.integer({ min: 1, max: 65535 })).map(([address, port]) => upstreamKey({ address, port }))
  const upstreams = fc.array(key, { minLength: 1, maxLength: 5 }).map((keys) => keys.join(' '))
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.stringMatching(/^[a-z0-9][a-z0-9.-]{0,20}$/), upstreams)), (entries) => {
      const table = new Map(entries)
      assert.deepEqual(parseRoutes(formatRoutes(table)), table)
    }),
  )
})

test('routes refuse a name or an address that would be a line of its own', () => {
  for (const value of [
    { 'a\nb': [{ address: '10.0.0.2', port: 1 }] },
    { '=loaded': [] },
    { __proto__x: [] },
    { a: [{ address: '10.0.0.2\nb', port: 1 }] },
    { a: [{ address: 'app', port: 1 }] },
  ])
    assert.equal(routes.safeParse(value).success, false, JSON.stringify(value))
})
