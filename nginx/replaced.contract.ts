import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { Agent } from 'node:http'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { app, applianceOf, get, type Running } from './harness.ts'

/** Requests without a pause until `stop`; what failed, by its error. */
function traffic(port: number, clients: number, agent: Agent | undefined): { stop(): Promise<{ requests: number; failed: string[] }> } {
  let stopped = false
  let requests = 0
  const failed: string[] = []
  const client = async () => {
    while (!stopped) {
      requests++
      await get(port, 'shop.test', agent === undefined ? {} : { agent }).then(
        ({ status, text }) => text === 'app' || failed.push(`${status}`),
        (error: { code?: string; message: string }) => failed.push(error.code ?? error.message),
      )
    }
  }
  const all = Promise.all(Array.from({ length: clients }, client))
  return {
    stop: async () => {
      stopped = true
      await all
      return { requests, failed }
    },
  }
}

async function serving(running: Running, text: string, t: Parameters<typeof app>[0]): Promise<void> {
  const { upstream } = await app(t, (_, response) => response.end(text))
  await running.client.putSite({ name: 'shop', hosts: ['shop.test'] })
  await running.client.setRoutes('shop', [upstream])
}

test('a newer appliance takes over under load: kept connections lose no request, and of new ones a few at most are reset', async (t) => {
  const running = await applianceOf(t)
  await serving(running, 'app', t)
  const agent = new Agent({ keepAlive: true, maxSockets: 4 })
  t.after(() => agent.destroy())
  const [kept, fresh] = [traffic(running.port, 4, agent), traffic(running.port, 4, undefined)]
  await sleep(500)
  await running.newer()
  await sleep(200)
  assert.equal(await running.stop('SIGQUIT'), 0)
  await sleep(500)
  const [ofKept, ofFresh] = [await kept.stop(), await fresh.stop()]
  t.diagnostic(`kept: ${ofKept.failed.length} of ${ofKept.requests}; new: ${ofFresh.failed.length} of ${ofFresh.requests}`)
  assert.deepEqual(ofKept.failed, [])
  // What waits in a listener that closes is reset, unless the kernel hands it on.
  const migrates = (await readFile('/proc/sys/net/ipv4/tcp_migrate_req', 'utf8').catch(() => '0')).trim() === '1'
  assert.ok(ofFresh.failed.length <= (migrates ? 0 : ofFresh.requests / 200), `${ofFresh.failed.length} of ${ofFresh.requests}`)
  assert.deepEqual(
    [...new Set(ofFresh.failed)].filter((code) => code !== 'ECONNRESET'),
    [],
  )
})

test('a newer appliance owns what is stored: the API answers by it, a request of before ends where it began, and the older writes nothing', async (t) => {
  const running = await applianceOf(t)
  let finish = () => {}
  const { upstream } = await app(t, (request, response) => {
    if (request.url === '/slow') finish = () => response.end('slow')
    else response.end('app')
  })
  await running.client.putSite({ name: 'shop', hosts: ['shop.test'] })
  await running.client.setRoutes('shop', [upstream])
  const slow = get(running.port, 'shop.test', { path: '/slow' })
  while (String(finish) === '() => {}') await sleep(10)
  const newer = await running.newer()
  await running.client.putSite({ name: 'blog', hosts: ['blog.test'] })
  await running.client.setRoutes('blog', [upstream])
  const stopped = running.stop('SIGQUIT')
  finish()
  assert.equal((await slow).text, 'slow')
  assert.equal(await stopped, 0)
  await running.client.health()
  assert.equal((await get(running.port, 'blog.test')).text, 'app')
  assert.equal(JSON.parse(await readFile(`${running.stateDir}/state.json`, 'utf8')).sites.length, 2)
  assert.equal(await newer.stop(), 0)
})

test('an older appliance goes on when the newer one ends before it serves', async (t) => {
  const running = await applianceOf(t)
  const { upstream } = await app(t, (_, response) => response.end())
  const door = { APPLIANCE_LISTEN: `127.0.0.1:${upstream.port}`, APPLIANCE_TOKEN: 'sixteen-letters-or-more' }
  await assert.rejects(running.newer(door), /EADDRINUSE/)
  await running.client.putSite({ name: 'blog', hosts: ['blog.test'] })
  assert.equal((await get(running.port, 'blog.test')).status, 502)
})

test('the appliance does not share a port with a stranger', async (t) => {
  const { upstream } = await app(t, (_, response) => response.end())
  await assert.rejects(applianceOf(t, undefined, { APPLIANCE_HTTP_PORT: `${upstream.port}` }), /something else listens on port/)
})
