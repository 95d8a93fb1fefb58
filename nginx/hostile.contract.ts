import assert from 'node:assert/strict'
import { connect as connectHttp2 } from 'node:http2'
import { connect, type Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import { selfSigned } from './certificates.fixture.ts'
import { added, app, applianceOf, get, type Running, raw } from './harness.ts'

/** An appliance with one site, and what its app was asked for. */
async function hostOf(t: TestContext): Promise<Running & { paths: string[] }> {
  const paths: string[] = []
  const { upstream } = await app(t, (request, response) => {
    paths.push(request.url ?? '')
    request.resume().on('end', () => response.end(JSON.stringify(request.headers)))
  })
  const running = await applianceOf(t)
  const tls = { ...(await selfSigned('one.test', 'two.test')), redirect: false }
  await running.client.sync({
    sites: [
      { name: 'one', hosts: ['one.test'], tls },
      { name: 'two', hosts: ['two.test'], tls },
    ],
    routes: { one: [upstream], two: [upstream] },
  })
  return { ...running, paths }
}

const post = 'POST /front HTTP/1.1\r\nHost: one.test\r\n'
const inner = 'GET /smuggled HTTP/1.1\r\nHost: one.test\r\n\r\n'
const chunk = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`

/** One message each, by the letter of RFC 9112 or no message at all; whoever reads it otherwise sees a second one in it. */
const smuggled: Record<string, string> = {
  'both lengths, the chunks end first': `${post}Content-Length: ${inner.length + 5}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${inner}`,
  'both lengths, the count ends first': `${post}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n${chunk(inner)}0\r\n\r\n`,
  'two encodings': `${post}Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n${inner}`,
  'an encoding nobody knows': `${post}Content-Length: ${inner.length}\r\nTransfer-Encoding: xchunked\r\n\r\n${inner}`,
  'an encoding within an encoding': `${post}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n${inner}`,
  'an encoding with a control character': `${post}Content-Length: ${inner.length}\r\nTransfer-Encoding: \x0bchunked\r\n\r\n${inner}`,
  'a blank before the colon': `${post}Content-Length: ${inner.length}\r\nTransfer-Encoding : chunked\r\n\r\n${inner}`,
  'a folded line': `${post}Content-Length: ${inner.length}\r\nX: y\r\n Transfer-Encoding: chunked\r\n\r\n${inner}`,
  'two counts': `${post}Content-Length: 0\r\nContent-Length: ${inner.length}\r\n\r\n${inner}`,
  'two counts in one': `${post}Content-Length: ${inner.length}, 0\r\n\r\n${inner}`,
  'a signed count': `${post}Content-Length: +${inner.length}\r\n\r\n${inner}`,
  'a negative count': `${post}Content-Length: -1\r\n\r\n${inner}`,
  'a hexadecimal count': `${post}Content-Length: 0x${inner.length.toString(16)}\r\n\r\n${inner}`,
  'a chunk whose size overflows': `${post}Transfer-Encoding: chunked\r\n\r\nffffffffffffffff0\r\n${inner}`,
  'a chunk of a negative size': `${post}Transfer-Encoding: chunked\r\n\r\n-1\r\n${inner}`,
  'a chunk longer than it says': `${post}Transfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n0\r\n\r\n${inner}`,
  'an encoding in HTTP/1.0': `POST /front HTTP/1.0\r\nHost: one.test\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${inner}`,
}

test('a request that two readers could take for two reaches the app as one, or not at all', async (t) => {
  const { port, paths } = await hostOf(t)
  for (const [what, text] of Object.entries(smuggled)) {
    paths.length = 0
    await raw(port, text.replace(inner, inner.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n')), 3000)
    assert.ok(!paths.includes('/smuggled'), `${what}: ${paths}`)
  }
  // Chunks with extensions and lines that end in a bare LF are one body, however they were sent: the app gets a count.
  for (const body of ['5;name=value\r\nhello\r\n0\r\n\r\n', '5;a="b\\"c"\r\nhello\r\n0\r\nTrailer: x\r\n\r\n']) {
    paths.length = 0
    const seen = await raw(port, `${post}Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n${body}`)
    assert.match(seen, /"content-length":"5"/)
    assert.deepEqual(paths, ['/front'])
  }
})

test('what a request says of its host and its way is believed in one place only', async (t) => {
  const { port, httpsPort, paths } = await hostOf(t)
  const close = 'Connection: close\r\n\r\n'
  for (const bad of [
    `GET / HTTP/1.1\r\n${close}`,
    `GET / HTTP/1.1\r\nHost: one.test\r\nHost: one.test\r\n${close}`,
    `GET / HTTP/1.1\r\nHost: one.test\x00.other.test\r\n${close}`,
    `GET / HTTP/1.1\r\nHost: one.test/../two.test\r\n${close}`,
    `GET / HTTP/1.1\r\nHost : one.test\r\n${close}`,
    `GET http://one.test@other.test/ HTTP/1.1\r\nHost: one.test\r\n${close}`,
    `GET / HTTP/1.1\r\nHost: other.test\r\n${close}`,
    `GET http://other.test/ HTTP/1.1\r\nHost: one.test\r\n${close}`,
    `CONNECT one.test:80 HTTP/1.1\r\nHost: one.test\r\n${close}`,
    `TRACE / HTTP/1.1\r\nHost: one.test\r\n${close}`,
  ])
    assert.match(await raw(port, bad), /^$|^HTTP\/1\.1 (400|405) /, bad)
  assert.deepEqual(paths, [])
  // The URL of the request line counts, not the header.
  assert.match(await raw(port, `GET http://one.test/ HTTP/1.1\r\nHost: two.test\r\n${close}`), /"host":"one\.test"/)
  // Headers that a client calls its connection's own are ours all the same.
  const claimed = 'X-Forwarded-For: 1.2.3.4\r\nX-FORWARDED-FOR: 5.6.7.8\r\nForwarded: for=1.2.3.4\r\nX-Real-Ip: 1.2.3.4\r\n'
  const told = await raw(
    port,
    `GET / HTTP/1.1\r\nHost: one.test\r\n${claimed}Connection: close, X-Forwarded-For, X-Forwarded-Proto\r\n\r\n`,
  )
  assert.match(told, /"x-forwarded-for":"127\.0\.0\.1","x-forwarded-proto":"http"/)
  assert.doesNotMatch(told, /1\.2\.3\.4|5\.6\.7\.8/)
  // A name of the handshake is no host: sites answer by their host, unknown ones not at all.
  const asked = async (servername: string, host: string) =>
    await overTls(httpsPort, servername, `GET / HTTP/1.1\r\nHost: ${host}\r\n${close}`)
  assert.match(await asked('one.test', 'two.test'), /"host":"two\.test"/)
  assert.equal(await asked('one.test', 'other.test'), '')
  await assert.rejects(asked('other.test', 'one.test'), /alert/)
  await assert.rejects(asked('', 'one.test'), /alert/)
})

test('requests of any size, with any bytes, end in an answer, and everybody else is served as before', async (t) => {
  const { port, paths, workers } = await hostOf(t)
  const before = await workers()
  const start = 'GET / HTTP/1.1\r\nHost: one.test\r\n'
  const many = Array.from({ length: 100_000 }, (_, index) => `X-${index}: y\r\n`).join('')
  for (const [what, text] of Object.entries({
    '100,000 headers': `${start}${many}\r\n`,
    '10 kB in a header': `${start}X: ${'y'.repeat(10_240)}\r\n\r\n`,
    '10 kB of a header name': `${start}${'x'.repeat(10_240)}: y\r\n\r\n`,
    'NUL in a header': `${start}X: a\0b\r\n\r\n`,
    'NUL in a path': 'GET /a\0b HTTP/1.1\r\nHost: one.test\r\n\r\n',
    'NUL in a path, encoded': 'GET /a%00b HTTP/1.1\r\nHost: one.test\r\n\r\n',
    'a URI of 1 MB': `GET /${'x'.repeat(1 << 20)} HTTP/1.1\r\nHost: one.test\r\n\r\n`,
    'a method of 1 MB': `${'G'.repeat(1 << 20)} / HTTP/1.1\r\nHost: one.test\r\n\r\n`,
    'a path that climbs': 'GET /../../etc/passwd HTTP/1.1\r\nHost: one.test\r\n\r\n',
    'no HTTP': '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n',
    'an HTTP that does not exist': 'GET / HTTP/9.9\r\nHost: one.test\r\n\r\n',
  })) {
    assert.match(await raw(port, text), /^$|^HTTP\/1\.1 (400|405|414|505) |^<html>/, what)
    assert.equal((await get(port, 'one.test')).status, 200, what)
  }
  assert.ok(paths.every((path) => path === '/'))
  assert.deepEqual(await workers(), before)
})

test('clients that send their requests byte by byte are sent away, and hinder nobody', async (t) => {
  const { port, paths } = await hostOf(t)
  const slow = Array.from({ length: 500 }, () => connect(port, '127.0.0.1'))
  const ended = slow.map((socket) => new Promise<void>((resolve) => socket.on('error', () => undefined).on('close', () => resolve())))
  for (const socket of slow) socket.write('GET / HTTP/1.1\r\nHost: one.test\r\nX: ')
  const drip = setInterval(() => {
    for (const socket of slow) if (socket.writable) socket.write('y')
  }, 500)
  t.after(() => clearInterval(drip))
  let served = 0
  let gone = false
  void Promise.all(ended).then(() => {
    gone = true
  })
  for (const socket of slow) socket.resume()
  while (!gone) {
    assert.equal((await get(port, 'one.test')).status, 200)
    served++
    await sleep(50)
  }
  assert.ok(served > 10)
  assert.equal(paths.length, served)
})

test('clients that begin a body and do not go on are sent away, and reach no app', async (t) => {
  const { port, paths, client } = await hostOf(t)
  await client.putSite({ name: 'one', hosts: ['one.test'], options: { bodyTimeout: '1s' } })
  const slow = Array.from({ length: 200 }, () => connect(port, '127.0.0.1'))
  for (const socket of slow) socket.write('POST /slow HTTP/1.1\r\nHost: one.test\r\nContent-Length: 1000\r\n\r\nsome')
  const answers = slow.map(async (socket) => {
    let text = ''
    for await (const chunk of socket) text += chunk
    return text
  })
  assert.equal((await get(port, 'one.test')).status, 200)
  for (const text of await Promise.all(answers)) assert.match(text, /^HTTP\/1\.1 408 |^$/)
  assert.ok(!paths.includes('/slow'))
})

test('floods of HTTP/2 end with their connection, and hinder nobody', async (t) => {
  const { port, httpsPort, workers } = await hostOf(t)
  const before = await workers()
  // Rapid reset: streams that are opened and taken back at once.
  const session = connectHttp2(`https://127.0.0.1:${httpsPort}`, { servername: 'one.test', rejectUnauthorized: false })
  session.on('error', () => undefined)
  await new Promise((resolve) => session.once('connect', resolve))
  for (let count = 0; count < 20_000 && !session.destroyed && !session.closed; count++) {
    const stream = session.request({ ':path': '/', ':authority': 'one.test' })
    stream.on('error', () => undefined)
    stream.close(8)
    if (count % 500 === 0) await new Promise((resolve) => setImmediate(resolve))
  }
  session.destroy()
  assert.equal((await get(port, 'one.test')).status, 200)

  // Headers without an end.
  const socket = await tlsSocket(httpsPort, 'one.test', ['h2'])
  socket.on('error', () => undefined).resume()
  let open = true
  socket.on('close', () => {
    open = false
  })
  socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
  socket.write(frame(4, 0, 0, Buffer.alloc(0)))
  socket.write(frame(1, 0, 1, Buffer.alloc(0)))
  // A literal header without indexing: a name and a value of 1,000 bytes.
  const literal = Buffer.concat([Buffer.from([0, 1]), Buffer.from('x'), Buffer.from([0x7f, 0xe9, 0x06]), Buffer.alloc(1000, 'y')])
  for (let count = 0; open; count++) {
    assert.ok(count < 10_000, 'ten megabytes of headers were taken')
    socket.write(frame(9, 0, 1, literal))
    await new Promise((resolve) => setImmediate(resolve))
  }
  assert.equal((await get(port, 'one.test')).status, 200)
  assert.deepEqual(added(before, await workers()), [])
})

/** A frame of HTTP/2. */
function frame(type: number, flags: number, stream: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head.writeUInt8(type, 3)
  head.writeUInt8(flags, 4)
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, payload])
}

function tlsSocket(port: number, servername: string, protocols: string[] = []): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, servername, rejectUnauthorized: false, ALPNProtocols: protocols }
    const socket: TLSSocket = connectTls(options, () => resolve(socket))
    socket.on('error', reject)
  })
}

/** Everything that comes back over TLS until the connection is closed. */
async function overTls(port: number, servername: string, text: string): Promise<string> {
  const socket: Socket = await tlsSocket(port, servername)
  return await new Promise((resolve, reject) => {
    let seen = ''
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      seen += chunk
    })
    socket.on('error', reject)
    socket.on('close', () => resolve(seen))
    socket.write(text)
  })
}
