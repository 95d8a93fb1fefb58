import assert from 'node:assert/strict'
import { appendFile, readdir, stat } from 'node:fs/promises'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { app, applianceOf, freePort, get } from './harness.ts'
import { ask } from './socket.ts'

/** Asks until it is so. */
async function until<T>(work: () => Promise<T | undefined>): Promise<T> {
  const deadline = performance.now() + 20_000
  for (;;) {
    const found = await work()
    if (found !== undefined) return found
    if (performance.now() > deadline) throw new Error('it never came')
    await sleep(50)
  }
}

const all = async (lines: AsyncIterable<string>) => {
  const found: string[] = []
  for await (const line of lines) found.push(line)
  return found
}

test('a request is a line of JSON of its site, whatever stands in it, and nothing that may be a password', async (t) => {
  const ids: string[] = []
  const { upstream } = await app(t, (request, response) => {
    ids.push(`${request.headers['x-request-id']}`)
    response.writeHead(request.url === '/broken' ? 500 : 200).end('fine')
  })
  const { port, client } = await applianceOf(t)
  await client.sync({
    sites: [
      { name: 'one', hosts: ['one.test'] },
      { name: 'two', hosts: ['two.test'], options: { maxBodySize: '2m' } },
      { name: 'off', hosts: ['off.test'], options: { accessLog: false } },
    ],
    routes: { one: [upstream], two: [upstream], off: [upstream] },
  })
  const headers = {
    'user-agent': 'a "quoted" \\ agent',
    authorization: 'Bearer secret-token',
    cookie: 'sid=secret-cookie',
    'x-request-id': 'mine',
  }
  await get(port, 'one.test', { path: '/a?b="c"&d=%00', headers })
  await get(port, 'two.test', { path: '/broken' })
  await get(port, 'off.test')
  const lines = await until(async () => {
    const found = await all(client.log('one', 'access', { lines: 10 }))
    return found.length > 0 ? found : undefined
  })
  const [line] = lines
  const said = JSON.parse(`${line}`)
  assert.deepEqual(
    [lines.length, said.site, said.host, said.uri, said.status, said.agent, said.bytes >= 4, said.id],
    [1, 'one', 'one.test', '/a?b="c"&d=%00', 200, 'a "quoted" \\ agent', true, ids[0]],
  )
  assert.doesNotMatch(`${line}`, /secret/)
  assert.match(`${ids[0]}`, /^[0-9a-f]{32}$/)
  assert.equal((await all(client.log('two', 'access', { lines: 10 }))).length, 1)
  assert.deepEqual(await all(client.log('off', 'access', { lines: 10 })), [])
})

test('lines are followed as they come, also when the log is put aside meanwhile', async (t) => {
  const { upstream } = await app(t, (_, response) => response.end('fine'))
  const { port, client, stateDir } = await applianceOf(t, undefined, { APPLIANCE_LOG_BYTES: '20000' })
  await client.sync({ sites: [{ name: 'one', hosts: ['one.test'] }], routes: { one: [upstream] } })
  const gone = new AbortController()
  const seen: number[] = []
  const following = (async () => {
    for await (const line of client.log('one', 'access', { lines: 0, follow: true, signal: gone.signal }))
      seen.push(Number(JSON.parse(line).uri.slice(1)))
  })()
  await get(port, 'one.test', { path: '/0' })
  await until(async () => (seen.length > 0 ? seen : undefined))
  for (let count = 1; count < 300; count++) await get(port, 'one.test', { path: `/${count}` })
  await until(async () => (seen.length >= 300 ? seen : undefined))
  gone.abort()
  await following
  // Workers write when they write: the order is nobody's.
  assert.deepEqual(
    seen.toSorted((a, b) => a - b),
    Array.from({ length: 300 }, (_, count) => count),
  )
  const kept = await until(async () => {
    const found = (await readdir(`${stateDir}/log`)).filter((name) => name.startsWith('access'))
    return found.length > 1 ? found : undefined
  })
  assert.ok(kept.length <= 4)
  // Lines of files that were put aside are found too.
  assert.equal((await all(client.log('one', 'access', { lines: 150 }))).length, 150)
})

test('figures add up over workers, a reload and a worker that is killed, and go with their site', async (t) => {
  const { upstream } = await app(t, (request, response) => response.writeHead(request.url === '/broken' ? 503 : 200).end('fine'))
  const { port, client, socket, workers } = await applianceOf(t)
  const sites = [{ name: 'one', hosts: ['one.test'] }]
  await client.sync({ sites, routes: { one: [upstream] } })
  for (let count = 0; count < 20; count++) await get(port, 'one.test')
  await get(port, 'one.test', { path: '/broken' })
  await client.putSite({ name: 'two', hosts: ['two.test'], options: { maxBodySize: '2m' } })
  for (let count = 0; count < 9; count++) await get(port, 'one.test')
  const stats = await until(async () => {
    const found = await client.stats('one', 5)
    return found.requests >= 30 ? found : undefined
  })
  assert.deepEqual([stats.requests, stats.classes['2xx'], stats.classes['5xx']], [30, 29, 1])
  assert.ok((stats.p50 ?? 0) > 0 && (stats.p99 ?? 0) >= (stats.p50 ?? 0))
  process.kill(Number((await workers())[0]), 'SIGKILL')
  await until(async () => ((await get(port, 'one.test').catch(() => undefined))?.status === 200 ? true : undefined))
  const { text } = await ask(socket, 'GET', '/metrics')
  assert.match(text, /nginx_requests_total\{site="one",status="5xx"\} 1\n/)
  assert.match(text, /nginx_connections\{state="active"\} \d+/)
  await client.removeSite('one')
  assert.doesNotMatch((await ask(socket, 'GET', '/metrics')).text, /site="one"/)
  await client.putSite({ name: 'one', hosts: ['one.test'] })
  assert.doesNotMatch((await ask(socket, 'GET', '/metrics')).text, /nginx_requests_total\{site="one"/)
})

test('nginx’s errors are kept, and a site sees its own', async (t) => {
  const { port, client, stateDir } = await applianceOf(t)
  const dead = { address: '127.0.0.1', port: await freePort() }
  await client.sync({
    sites: [
      { name: 'one', hosts: ['one.test'] },
      { name: 'two', hosts: ['two.test'] },
    ],
    routes: { one: [dead], two: [] },
  })
  await get(port, 'one.test')
  const lines = await until(async () => {
    const found = await all(client.log('one', 'error', { lines: 10 }))
    return found.length > 0 ? found : undefined
  })
  assert.match(`${lines[0]}`, /Connection refused.*host: "one\.test/)
  assert.deepEqual(await all(client.log('two', 'error', { lines: 10 })), [])
  await appendFile(`${stateDir}/log/error.log`, 'not of a request\n')
  assert.ok((await stat(`${stateDir}/log/error.log`)).size > 0)
})
