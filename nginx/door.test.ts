import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { test } from 'node:test'
import { doorOf, guarded } from './door.ts'

const token = 'sixteen-letters-or-more'

test('the door over TCP is there only when asked for, by an address and a token', async (t) => {
  assert.equal(await doorOf({}), undefined)
  assert.equal(await doorOf({ APPLIANCE_TOKEN: token }), undefined)
  assert.deepEqual(await doorOf({ APPLIANCE_LISTEN: '0.0.0.0:9000', APPLIANCE_TOKEN: token }), { host: '0.0.0.0', port: 9000, token })
  assert.deepEqual(await doorOf({ APPLIANCE_LISTEN: '[::]:9000', APPLIANCE_TOKEN: token }), { host: '::', port: 9000, token })
  const dir = await mkdtemp(`${tmpdir()}/door-`)
  t.after(() => rm(dir, { recursive: true }))
  await writeFile(`${dir}/token`, `${token}\n`)
  assert.equal((await doorOf({ APPLIANCE_LISTEN: 'localhost:9000', APPLIANCE_TOKEN_FILE: `${dir}/token` }))?.token, token)
})

for (const [what, env, message] of [
  ['without a token', { APPLIANCE_LISTEN: '0.0.0.0:9000' }, /needs a token/],
  ['with a short token', { APPLIANCE_LISTEN: '0.0.0.0:9000', APPLIANCE_TOKEN: 'short' }, /at least 16/],
  ['with an empty token', { APPLIANCE_LISTEN: '0.0.0.0:9000', APPLIANCE_TOKEN: '' }, /at least 16/],
  ['with two tokens', { APPLIANCE_LISTEN: '0.0.0.0:9000', APPLIANCE_TOKEN: token, APPLIANCE_TOKEN_FILE: '/x' }, /set one/],
  ['without a port', { APPLIANCE_LISTEN: '0.0.0.0', APPLIANCE_TOKEN: token }, /is not HOST:PORT/],
  ['on port 0', { APPLIANCE_LISTEN: '0.0.0.0:0', APPLIANCE_TOKEN: token }, /is not HOST:PORT/],
] as const)
  test(`the door over TCP is refused ${what}`, async () => {
    await assert.rejects(doorOf(env), message)
  })

test('only who shows the token gets through', async () => {
  const through = guarded(() => new Response('in'), token)
  const status = async (authorization?: string) =>
    (await through(new Request('http://api/', authorization === undefined ? {} : { headers: { authorization } }))).status
  assert.equal(await status(`Bearer ${token}`), 200)
  assert.equal(await status(`bearer ${token}`), 200)
  for (const wrong of [undefined, '', 'Bearer', `Bearer ${token}x`, `Bearer ${token.slice(1)}`, `Basic ${token}`, token])
    assert.equal(await status(wrong), 401, wrong)
})
