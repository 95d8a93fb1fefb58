import assert from 'node:assert/strict'
import { Agent } from 'node:http'
import { connect, type Socket } from 'node:net'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { UserError } from '#lib/errors.ts'
import { added, app, applianceOf, freePort, get } from './harness.ts'

/** Clients that ask one after another, kept connections and fresh ones, until told to end; then the number of answers and all failures. */
function load(port: number, host: string, clients: number): { end(): Promise<{ answers: number; failures: string[] }>; answers(): number } {
  const agent = new Agent({ keepAlive: true })
  const failures: string[] = []
  let answers = 0
  let ending = false
  const one = async (kept: boolean) => {
    while (!ending) {
      const outcome = await get(port, host, kept ? { agent } : {}).catch((error: Error) => ({ status: 0, text: error.message }))
      answers++
      if (outcome.status !== 200) failures.push(`${kept ? 'kept' : 'fresh'}: ${outcome.status} ${outcome.text}`)
    }
  }
  const all = Array.from({ length: clients }, (_, index) => one(index % 2 === 0))
  return {
    answers: () => answers,
    async end() {
      ending = true
      await Promise.all(all)
      agent.destroy()
      return { answers, failures }
    },
  }
}

test('switching routes under load loses no request, and a drained upstream gets no more', async (t) => {
  const seen = [0, 0]
  const apps = await Promise.all(
    seen.map((_, index) =>
      app(t, (_request, response) => {
        seen[index] = (seen[index] ?? 0) + 1
        setTimeout(() => response.end('ok'), index)
      }),
    ),
  )
  const upstreams = apps.map(({ upstream }) => upstream)
  const { port, client } = await applianceOf(t)
  await client.sync({ sites: [{ name: 'one', hosts: ['one.test'] }], routes: { one: upstreams.slice(0, 1) } })
  const clients = load(port, 'one.test', 12)
  for (let turn = 1; turn <= 40; turn++) {
    const target = turn % 2
    await client.setRoutes('one', upstreams.slice(target, target + 1))
    const old = upstreams.slice(1 - target, 2 - target)
    assert.deepEqual(await client.drain(old, { timeoutMs: 10_000 }), { open: 0 })
    const before = seen[1 - target]
    const goal = clients.answers() + 50
    while (clients.answers() < goal) await sleep(5)
    assert.equal(seen[1 - target], before, 'a request came after the drain')
  }
  const { answers, failures } = await clients.end()
  assert.deepEqual(failures, [])
  assert.ok(answers >= 2000)
})

test('a reload under load loses no request and no route', async (t) => {
  const { upstream } = await app(t, (_, response) => response.end('ok'))
  const { port, client } = await applianceOf(t)
  await client.sync({ sites: [{ name: 'one', hosts: ['one.test'] }], routes: { one: [upstream] } })
  const clients = load(port, 'one.test', 8)
  for (let turn = 0; turn < 8; turn++) {
    // Its size changes nginx's configuration: a site that is only hosts reloads nothing.
    await client.putSite({ name: 'two', hosts: [`two-${turn}.test`], options: { maxBodySize: `${turn + 1}m` } })
    await client.setRoutes('two', [upstream])
    // From the moment the call returns, the new host is known to every worker.
    for (let count = 0; count < 20; count++) assert.equal((await get(port, `two-${turn}.test`)).status, 200)
  }
  const { failures } = await clients.end()
  assert.deepEqual(failures, [])
})

/** A client that upgrades and then gets back what it sends. */
async function upgraded(port: number, host: string): Promise<{ socket: Socket; say(text: string): Promise<string> }> {
  const socket = connect(port, '127.0.0.1').setEncoding('utf8')
  const next = () => new Promise<string>((resolve) => socket.once('data', (chunk) => resolve(`${chunk}`)))
  socket.write(`GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`)
  assert.match(await next(), /^HTTP\/1\.1 101 /)
  return {
    socket,
    say: (text) => {
      const answer = next()
      socket.write(text)
      return answer
    },
  }
}

test('a websocket survives switches and reloads, and a drain waits for it', async (t) => {
  const old = await app(t, (_, response) => response.end('old'))
  old.server.on('upgrade', (_request, socket) => {
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
    socket.pipe(socket)
  })
  const fresh = await app(t, (_, response) => response.end('fresh'))
  const { port, client } = await applianceOf(t)
  await client.sync({ sites: [{ name: 'one', hosts: ['one.test'] }], routes: { one: [old.upstream] } })
  const { socket, say } = await upgraded(port, 'one.test')
  t.after(() => socket.destroy())
  assert.equal(await say('hello'), 'hello')

  await client.setRoutes('one', [fresh.upstream])
  await client.putSite({ name: 'two', hosts: ['two.test'], options: { maxBodySize: '2m' } })
  assert.deepEqual(await get(port, 'one.test'), { status: 200, text: 'fresh' })
  assert.equal(await say('still here'), 'still here')
  assert.deepEqual(await client.drain([old.upstream], { timeoutMs: 50 }), { open: 1 })

  const drained = client.drain([old.upstream], { timeoutMs: 60_000 })
  socket.end()
  assert.deepEqual(await drained, { open: 0 })
})

test('a state that changes nothing, and sites that are only hosts, reload nothing', async (t) => {
  const { upstream } = await app(t, (_, response) => response.end('ok'))
  const { port, client, workers } = await applianceOf(t)
  const state = { sites: [{ name: 'one', hosts: ['one.test'] }], routes: { one: [upstream] } }
  await client.sync(state)
  const before = await workers()
  await client.sync(state)
  await client.putSite({ name: 'one', hosts: ['one.test'] })
  await client.setRoutes('one', [upstream])
  await client.putSite({ name: 'two', hosts: ['two.test', '*.two.test'] })
  assert.equal((await get(port, 'a.two.test')).status, 502)
  await client.removeSite('two')
  await client.sync({ sites: [], routes: {} })
  assert.deepEqual(added(before, await workers()), [])
  await assert.rejects(get(port, 'one.test'))
})

test('a stop lets a running request end', async (t) => {
  const arrived = Promise.withResolvers<() => void>()
  const { upstream } = await app(t, (_, response) => arrived.resolve(() => response.end('late')))
  const { port, client, stop } = await applianceOf(t)
  await client.sync({ sites: [{ name: 'one', hosts: ['one.test'] }], routes: { one: [upstream] } })
  const running = get(port, 'one.test')
  const answer = await arrived.promise
  const stopped = stop()
  // The listeners are closed: nginx has begun to stop.
  while (await get(port, 'other.test').then(undefined, (error: NodeJS.ErrnoException) => error.code !== 'ECONNREFUSED')) await sleep(10)
  answer()
  assert.deepEqual(await running, { status: 200, text: 'late' })
  assert.equal(await stopped, 0)
})

test('the appliance probes for its client, says what it saw and stops when the client goes', async (t) => {
  let asked = 0
  const { upstream } = await app(t, (_, response) => {
    asked++
    response.writeHead(asked < 3 ? 503 : 200).end('starting')
  })
  const { client } = await applianceOf(t)
  await client.probe({ ...upstream, path: '/' }, { timeoutMs: 30_000 })
  assert.equal(asked, 3)

  const refusal = (pattern: RegExp) => (error: unknown) =>
    error instanceof UserError && error.code === 'not-ready' && pattern.test(error.message)
  const dead = { address: '127.0.0.1', port: await freePort() }
  await assert.rejects(client.probe(dead, { timeoutMs: 100 }), refusal(/connection refused/))
  await assert.rejects(
    client.probe({ ...upstream, path: '/', content: 'ready' }, { timeoutMs: 5000, attempts: 1 }),
    refusal(/does not contain "ready"/),
  )

  const controller = new AbortController()
  const waiting = client.probe({ ...upstream, path: '/', content: 'never' }, { timeoutMs: 600_000 }, controller.signal)
  const goal = asked + 3
  while (asked < goal) await sleep(10)
  controller.abort()
  await assert.rejects(waiting, { name: 'AbortError' })
  // One attempt may be on its way; after that nobody asks any more, or this loop never ends.
  for (let last = -1; last !== asked; await sleep(300)) last = asked
})
