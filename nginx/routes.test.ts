import assert from 'node:assert/strict'
import { test } from 'node:test'
import { routes, upstreamKey } from './routes.ts'

test('an upstream is named as nginx names it', () => {
  assert.equal(upstreamKey({ address: '10.0.0.2', port: 5000 }), '10.0.0.2:5000')
  assert.equal(upstreamKey({ address: 'fd00::2', port: 5000 }), '[fd00::2]:5000')
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
