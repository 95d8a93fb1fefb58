import assert from 'node:assert/strict'
import { createServer, type RequestListener } from 'node:http'
import { type AddressInfo, createServer as createTcpServer, type Server } from 'node:net'
import { type TestContext, test } from 'node:test'
import { UserError } from '#lib/errors.ts'
import { probe } from './probe.ts'

const address = '127.0.0.1'

async function listening(t: TestContext, server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, address, resolve))
  t.after(() => server.close())
  return (server.address() as AddressInfo).port
}

const serving = (t: TestContext, listener: RequestListener) => listening(t, createServer(listener))

/** A port where nothing listens. */
async function closedPort(): Promise<number> {
  const server = createTcpServer()
  await new Promise<void>((resolve) => server.listen(0, address, resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

const notReady = (pattern: RegExp) => (error: unknown) =>
  error instanceof UserError && error.code === 'not-ready' && pattern.test(error.message)

test('a probe without a path is content with a connection', async (t) => {
  const port = await listening(
    t,
    createTcpServer((socket) => socket.destroy()),
  )
  await probe({ address, port }, { timeoutMs: 5000 })
})

test('a probe says that the connection was refused', async () => {
  const port = await closedPort()
  await assert.rejects(probe({ address, port }, { timeoutMs: 100 }), notReady(/^127\.0\.0\.1:\d+: connection refused$/))
})

test('a probe waits through 503 until 200', async (t) => {
  let asked = 0
  const port = await serving(t, (_, response) => {
    asked++
    response.writeHead(asked < 4 ? 503 : 200).end()
  })
  await probe({ address, port, path: '/' }, { timeoutMs: 10_000 })
  assert.equal(asked, 4)
})

test('a probe takes a redirect for an answer and sends the host and the headers it was given', async (t) => {
  let seen: unknown
  const port = await serving(t, (request, response) => {
    seen = [request.url, request.headers.host, request.headers['x-check']]
    response.writeHead(302, { location: '/login' }).end()
  })
  await probe({ address, port, path: '/up?now', host: 'app.test', headers: { 'X-Check': 'yes' } }, { timeoutMs: 5000 })
  assert.deepEqual(seen, ['/up?now', 'app.test', 'yes'])
})

test('a probe names the status it saw last and stops after its attempts', async (t) => {
  let asked = 0
  const port = await serving(t, (_, response) => {
    asked++
    response.writeHead(500).end()
  })
  await assert.rejects(probe({ address, port, path: '/' }, { timeoutMs: 10_000, attempts: 2 }), notReady(/HTTP 500$/))
  assert.equal(asked, 2)
})

test('a probe misses content', async (t) => {
  const port = await serving(t, (_, response) => response.end('starting'))
  await assert.rejects(
    probe({ address, port, path: '/', content: 'ready' }, { timeoutMs: 10_000, attempts: 1 }),
    notReady(/HTTP 200, but its body does not contain "ready"$/),
  )
})

test('a probe finds content across chunks of a body that never ends', async (t) => {
  const port = await serving(t, (_, response) => {
    response.write('rea')
    setImmediate(() => response.write('dy'))
  })
  await probe({ address, port, path: '/', content: 'ready' }, { timeoutMs: 10_000 })
})

test('a probe gives up on an app that accepts and never answers', async (t) => {
  const port = await listening(t, createTcpServer())
  await assert.rejects(probe({ address, port, path: '/' }, { timeoutMs: 150, attemptTimeoutMs: 50 }), notReady(/no answer within 50 ms$/))
})

test('a probe ends when it is aborted', async () => {
  const port = await closedPort()
  const controller = new AbortController()
  const asked = probe({ address, port }, { timeoutMs: 60_000 }, controller.signal)
  controller.abort()
  await assert.rejects(asked, { name: 'AbortError' })
})
