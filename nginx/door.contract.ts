import assert from 'node:assert/strict'
import { test } from 'node:test'
import { app, applianceOf, freePort, get, raw } from './harness.ts'
import { appliance } from './mod.ts'

test('the API over TCP does what the socket does; for who has the token, and up to a size', async (t) => {
  const port = await freePort()
  const token = 'a-token-of-a-test-only'
  const running = await applianceOf(t, undefined, { APPLIANCE_LISTEN: `127.0.0.1:${port}`, APPLIANCE_TOKEN: token })
  const url = `http://127.0.0.1:${port}`
  const far = appliance({ url, token })
  const { upstream } = await app(t, (_, response) => response.end('app'))
  await far.putSite({ name: 'shop', hosts: ['shop.test'] })
  await far.setRoutes('shop', [upstream])
  assert.equal((await get(running.port, 'shop.test')).text, 'app')
  await running.client.health()
  await assert.rejects(appliance({ url, token: 'another-token-of-a-test' }).health(), { code: 'bad-token' })
  for (const [path, length] of [
    ['/v1/config/http', 5 * 1024 ** 2],
    ['/state', 65 * 1024 ** 2],
  ] as const) {
    const head = `PUT ${path} HTTP/1.1\r\nHost: api\r\nConnection: close\r\nAuthorization: Bearer ${token}\r\nContent-Length: ${length}\r\n\r\n`
    assert.match(await raw(port, head), /^HTTP\/1\.1 413 /)
  }
})

test('the appliance does not start with a door that anybody could open', async (t) => {
  const env = { APPLIANCE_LISTEN: '127.0.0.1:9', APPLIANCE_TOKEN: 'short' }
  await assert.rejects(applianceOf(t, undefined, env), /cannot go on: the token is at least 16/)
})
