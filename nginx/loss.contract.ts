import assert from 'node:assert/strict'
import { test } from 'node:test'
import { applianceOf } from './harness.ts'
import { stir } from './turmoil.fixture.ts'

test('no request fails while routes, sites and certificates change, nginx reloads, and the API dies and returns', async (t) => {
  const running = await applianceOf(t)
  const { failures, requests, kinds } = await stir(running, { switches: 100, reloads: 20, plain: 30, deaths: 2, requests: 2000, factor: 1 })
  t.diagnostic(`${requests} requests: ${JSON.stringify(kinds)}`)
  assert.deepEqual(failures, [])
  // Each kind of client has asked.
  assert.equal(Object.keys(kinds).length, 7)
})
