import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { app, applianceOf, get, raw } from './harness.ts'
import { ask } from './socket.ts'

test('nginx serves on while the API is dead, and the API that comes back takes the same nginx over', async (t) => {
  const { upstream } = await app(t, (_, response) => response.end('fine'))
  const { port, client, stateDir, killApi, stop, log } = await applianceOf(t)
  await client.sync({ sites: [{ name: 'one', hosts: ['one.test'] }], routes: { one: [upstream] } })
  const master = () => readFile(`${stateDir}/../run/nginx.pid`, 'utf8')
  const before = await master()
  for (let death = 0; death < 3; death++) {
    const back = killApi()
    let alive = true
    void back.finally(() => {
      alive = false
    })
    while (alive) assert.deepEqual(await get(port, 'one.test'), { status: 200, text: 'fine' })
    await back
    assert.equal(await master(), before)
    await client.putSite({ name: `plain-${death}`, hosts: [`plain-${death}.test`] })
    await client.putSite({ name: `block-${death}`, hosts: [`block-${death}.test`], options: { maxBodySize: '2m' } })
    await client.setRoutes(`plain-${death}`, [upstream])
    await client.setRoutes(`block-${death}`, [upstream])
    for (let known = 0; known <= death; known++)
      for (const kind of ['plain', 'block']) assert.equal((await get(port, `${kind}-${known}.test`)).status, 200)
  }
  assert.match(log(), /nginx goes on, and the API is started again/)
  // One that it did not start ends with it all the same.
  assert.equal(await stop(), 0)
  await assert.rejects(get(port, 'one.test'), { code: 'ECONNREFUSED' })
})

test('an API that dies in the midst of changes leaves nginx with what is stored, once it is back', async (t) => {
  const { upstream } = await app(t, (_, response) => response.end('fine'))
  const { port, client, stateDir, killApi } = await applianceOf(t)
  await client.setRoutes('one', [upstream])
  const hosts = Array.from({ length: 6 }, (_, index) => `host-${index}.test`)
  for (let death = 0; death < 6; death++) {
    const options = death % 2 === 0 ? {} : { options: { maxBodySize: `${death}m` } }
    const changes = Promise.allSettled([
      client.putSite({ name: 'one', hosts: [hosts[death] ?? ''], ...options }),
      client.setRoutes('one', [upstream]),
    ])
    await sleep(death * 40)
    await killApi()
    await changes
    const stored = (await ask(`${stateDir}/../api.sock`, 'GET', '/sites')).text
    for (const host of hosts)
      if (stored.includes(host)) assert.deepEqual(await get(port, host), { status: 200, text: 'fine' })
      else assert.equal(await raw(port, `GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`), '', `${host} of ${stored}`)
  }
})

test('the appliance ends when nginx ends, also when its API did not start it', async (t) => {
  const { stateDir, killApi, ended } = await applianceOf(t)
  await killApi()
  process.kill(Number(await readFile(`${stateDir}/../run/nginx.pid`, 'utf8')), 'SIGKILL')
  assert.notEqual(await ended(), 0)
})
