import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough, Writable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { after, test } from 'node:test'
import { createServer as createTlsServer } from 'node:tls'
import { run } from '#lib/exec.ts'
import { defineHooks, event } from './catalogue.ts'
import { dispatch, silent } from './dispatch.ts'
import { externalHooks } from './external.ts'
import { serveHooks } from './serve.ts'

const hooks = defineHooks({ poke: event<object>('anything', [], { timeoutMs: 500 }) })
const folder = await mkdtemp(join(tmpdir(), 'remote-'))
after(() => rm(folder, { recursive: true }))
let made = 0

/** A plugin elsewhere that answers a connection as a test wants; calls its hook and gives the failure. */
async function poke(behave: (socket: Socket) => void): Promise<unknown> {
  const path = join(folder, `socket-${++made}`)
  const server = createServer(behave).listen(path)
  await new Promise((resolve) => server.once('listening', resolve))
  const all = dispatch(hooks, [externalHooks({ plugin: 'odd', address: `unix:${path}`, hooks: ['poke'], config: {} })], silent())
  try {
    return await all.fire('poke', {}).then(
      () => 'done',
      (error: unknown) => error,
    )
  } finally {
    await all.close()
    server.close()
  }
}

const hello = '{"jsonrpc":"2.0","id":1,"result":{"protocol":1}}\n'
/** Greets, and answers the call that follows with these lines. */
const afterHello = (lines: string) => (socket: Socket) => {
  socket.on('error', () => undefined)
  socket.once('data', () => {
    socket.write(hello)
    socket.once('data', () => socket.write(lines))
  })
}

test('a plugin elsewhere that speaks garbage, another version, or no protocol at all fails its hook', async () => {
  for (const line of [
    'garbage\n',
    '[]\n',
    '{"jsonrpc":"2.0","id":"x"}\n',
    '{"jsonrpc":"2.0","id":1,"result":{"protocol":9}}\n',
    'x'.repeat(2_000_000),
  ])
    assert.match(
      String(await poke((socket) => void socket.on('error', () => undefined).write(line))),
      /does not speak the protocol/,
      line.slice(0, 50),
    )
})

test('a plugin elsewhere that answers garbage, an impossible status, an error, or hangs up fails its hook', async () => {
  for (const answer of [
    'garbage\n',
    '{"jsonrpc":"2.0","id":2,"result":{"status":"x"}}\n',
    '{"jsonrpc":"2.0","id":2,"error":{"code":1,"message":"no"}}\n',
  ])
    assert.match(String(await poke(afterHello(answer))), /the plugin odd went away at poke/, answer)
  assert.match(String(await poke((socket) => socket.once('data', () => socket.end(hello)))), /went away/)
})

test('a second answer changes nothing, and one that never comes fails by time', async () => {
  const done = '{"jsonrpc":"2.0","id":2,"result":{"status":0}}\n'
  assert.equal(await poke(afterHello(`${done}${done}`)), 'done')
  assert.match(String(await poke(afterHello(''))), /took longer than 0.5 s/)
})

test('nobody at the address fails the hook and says where', async () => {
  const responder = externalHooks({ plugin: 'odd', address: 'unix:/nowhere', hooks: ['poke'], config: {} })
  await assert.rejects(dispatch(hooks, [responder], silent()).fire('poke', {}), { code: 'plugin-away', message: /unix:\/nowhere/ })
})

test('an address that takes connections and never greets fails the hook, and the host outlives its hanging up', async () => {
  const came = Promise.withResolvers<Socket>()
  const server = createServer((socket) => came.resolve(socket.on('error', () => undefined).resume())).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const address = `tls://127.0.0.1:${(server.address() as { port: number }).port}`
  const all = dispatch(hooks, [externalHooks({ plugin: 'mute', address, hooks: ['poke'], config: {} })], silent())
  await assert.rejects(all.fire('poke', {}), { code: 'hook-timeout' })
  const socket = await came.promise
  const left = new Promise((resolve) => socket.once('close', resolve))
  socket.end()
  await left
  server.close()
})

test('over TLS a certificate that nobody vouches for, and a wrong token, are refused; the right ones let in', async () => {
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost']
  await run([
    'openssl',
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-keyout',
    key,
    '-out',
    cert,
    ...subject,
  ])
  const { readFile } = await import('node:fs/promises')
  const pem = { key: await readFile(key), cert: await readFile(cert) }
  const server = createTlsServer(pem, (socket) => void serveHooks(socket, async () => ({ status: 0 }), { token: 'right' })).listen(0)
  server.on('tlsClientError', () => undefined)
  await new Promise((resolve) => server.once('listening', resolve))
  const address = `tls://localhost:${(server.address() as { port: number }).port}`
  const fire = async (more: { token?: string; ca?: string; fingerprint?: string }) => {
    const all = dispatch(hooks, [externalHooks({ plugin: 'far', address, hooks: ['poke'], config: {}, ...more })], silent())
    await all.fire('poke', {}).finally(() => all.close())
  }
  const ca = pem.cert.toString()
  await fire({ token: 'right', ca })
  await assert.rejects(fire({ token: 'wrong', ca }), { code: 'plugin-protocol', message: /token/ })
  await assert.rejects(fire({ token: 'right' }), { code: 'plugin-away' })
  const { fingerprint256 } = new X509Certificate(pem.cert)
  await fire({ token: 'right', fingerprint: fingerprint256 })
  const other = fingerprint256.replaceAll(/[0-9]/g, 'A')
  await assert.rejects(fire({ token: 'right', fingerprint: other }), { code: 'plugin-away', message: /certificate is not the one/ })
  server.close()
})

test('both ends are called by the plugin’s name: one that is another answers nothing', async () => {
  let asked: unknown
  const answer = (name: string) => (socket: Socket) => {
    socket
      .on('error', () => undefined)
      .once('data', (line) => {
        asked = JSON.parse(String(line)).params.plugin
        socket.write(
          `{"jsonrpc":"2.0","id":1,"result":{"protocol":1,"plugin":"${name}"}}\n{"jsonrpc":"2.0","id":2,"result":{"status":0}}\n`,
        )
      })
  }
  assert.match(String(await poke(answer('other'))), /it is "other"/)
  assert.equal(asked, 'odd')
})

test('what nobody takes yet is kept at neither end: a plugin that writes waits for a slow reader', async () => {
  const [total, chunk] = [20_000_000, 100_000]
  let kept = { plugin: 0, host: 0 }
  const path = join(folder, `socket-${++made}`)
  const server = createServer((socket) =>
    serveHooks(socket, async ({ stdout }) => {
      for (let sent = 0; sent < total; sent += chunk) {
        await stdout(Buffer.alloc(chunk))
        kept = { ...kept, plugin: Math.max(kept.plugin, socket.writableLength) }
      }
      return { status: 0 }
    }),
  ).listen(path)
  await new Promise((resolve) => server.once('listening', resolve))
  let read = 0
  const stdout = new Writable({
    write(data: Buffer, _encoding, done) {
      read += data.length
      kept = { ...kept, host: Math.max(kept.host, stdout.writableLength) }
      setImmediate(done)
    },
  })
  const external = externalHooks({ plugin: 'flood', address: `unix:${path}`, hooks: ['poke'], config: {} })
  const all = dispatch(defineHooks({ poke: event<object>('anything', []) }), [external], { ...silent(), stdout })
  await all.fire('poke', {})
  await all.close()
  server.close()
  await finished(stdout.end())
  assert.equal(read, total)
  for (const [end, bytes] of Object.entries(kept)) assert.ok(bytes < 1_000_000, `${end}: ${bytes}`)
})

test('a plugin whose reader has left ends its call all the same', async () => {
  const path = join(folder, `socket-${++made}`)
  const server = createServer((socket) =>
    serveHooks(socket, async ({ stdout }) => {
      await stdout(Buffer.alloc(1_000_000))
      return { status: 0 }
    }),
  ).listen(path)
  await new Promise((resolve) => server.once('listening', resolve))
  const external = externalHooks({ plugin: 'late', address: `unix:${path}`, hooks: ['poke'], config: {} })
  const all = dispatch(defineHooks({ poke: event<object>('anything', [], { timeoutMs: 5_000 }) }), [external], silent())
  await all.fire('poke', {}, { stdout: new PassThrough().destroy() })
  await all.close()
  server.close()
})
