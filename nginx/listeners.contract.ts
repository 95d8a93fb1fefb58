import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { connect as connectHttp2, createServer as createHttp2 } from 'node:http2'
import { type AddressInfo, createServer } from 'node:net'
import { test } from 'node:test'
import { app, applianceOf, freePort, get, raw } from './harness.ts'

test('a site is served on a port of its own, by a route of its own, and nobody else is there', async (t) => {
  const [main, other] = [await app(t, (_, response) => response.end('main')), await app(t, (_, response) => response.end('other'))]
  const { port, client } = await applianceOf(t)
  const extra = await freePort()
  await client.sync({
    sites: [
      { name: 'one', hosts: ['one.test'], listeners: [{ scheme: 'http' }, { scheme: 'http', port: extra, route: 'one.3000' }] },
      { name: 'two', hosts: ['two.test'] },
    ],
    routes: { one: [main.upstream], 'one.3000': [other.upstream], two: [main.upstream] },
  })
  assert.equal((await get(port, 'one.test')).text, 'main')
  assert.equal((await get(extra, 'one.test')).text, 'other')
  await assert.rejects(get(extra, 'two.test'))
  await client.removeSite('one')
  await assert.rejects(get(extra, 'one.test'), { code: 'ECONNREFUSED' })
})

test('two sites share a port of their own unless one of them is encrypted there', async (t) => {
  const { client } = await applianceOf(t)
  const extra = await freePort()
  const on = (name: string, scheme: 'http' | 'https') => ({ name, hosts: [`${name}.test`], listeners: [{ scheme, port: extra }] })
  await client.putSite(on('one', 'http'))
  await client.putSite(on('two', 'http'))
  assert.equal((await get(extra, 'two.test')).status, 502)
  const tcp = { name: 'three', hosts: ['three.test'], listeners: [{ scheme: 'tcp' as const, port: extra }] }
  await assert.rejects(client.putSite(tcp), { code: 'site-refused', message: /port \d+ is http of two/ })
  assert.equal((await get(extra, 'one.test')).status, 502)
})

test('a port that somebody else has is refused with nginx’s words, and everything is as it was', async (t) => {
  const taken = await app(t, (_, response) => response.end('taken'))
  const { port, client } = await applianceOf(t)
  await client.sync({ sites: [{ name: 'one', hosts: ['one.test'] }], routes: { one: [taken.upstream] } })
  const listeners = [{ scheme: 'http' as const, port: taken.upstream.port }]
  await assert.rejects(client.putSite({ name: 'two', hosts: ['two.test'], listeners }), { code: 'site-refused', message: /in use/i })
  assert.equal((await get(port, 'one.test')).text, 'taken')
  await client.putSite({ name: 'two', hosts: ['two.test'], options: { maxBodySize: '3m' } })
  assert.equal((await get(port, 'two.test')).status, 502)
})

test('gRPC goes to its app over HTTP/2, there and back', async (t) => {
  const grpc = createHttp2().on('stream', (stream, headers) => {
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
    stream.end(`${headers[':path']} for ${headers.host}`)
  })
  await new Promise<void>((resolve) => grpc.listen(0, '127.0.0.1', resolve))
  t.after(() => grpc.close())
  const { client } = await applianceOf(t)
  const extra = await freePort()
  const upstream = { address: '127.0.0.1', port: (grpc.address() as AddressInfo).port }
  await client.sync({
    sites: [{ name: 'one', hosts: ['one.test'], listeners: [{ scheme: 'grpc', port: extra }] }],
    routes: { one: [upstream] },
  })
  const session = connectHttp2(`http://127.0.0.1:${extra}`)
  t.after(() => session.destroy())
  const stream = session.request({
    ':path': '/shop.Cart/Add',
    ':method': 'POST',
    ':authority': 'one.test',
    'content-type': 'application/grpc',
  })
  stream.end('x')
  let text = ''
  let status: unknown
  stream.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
  })
  stream.on('trailers', (trailers) => {
    status = trailers['grpc-status']
  })
  await new Promise((resolve, reject) => stream.on('end', resolve).on('error', reject))
  assert.deepEqual([text, status], ['/shop.Cart/Add for one.test', '0'])
})

test('TCP and UDP go to the route of a site, and follow it', async (t) => {
  const saying = async (word: string) => {
    const server = createServer((socket) => socket.end(word))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    t.after(() => server.close())
    return { address: '127.0.0.1', port: (server.address() as AddressInfo).port }
  }
  const echo = createSocket('udp4').on('message', (text, from) => echo.send(`${text}!`, from.port, from.address))
  await new Promise<void>((resolve) => echo.bind(0, '127.0.0.1', resolve))
  t.after(() => echo.close())
  const { client } = await applianceOf(t)
  const [tcp, udp] = [await freePort(), await freePort()]
  const listeners = [
    { scheme: 'tcp' as const, port: tcp },
    { scheme: 'udp' as const, port: udp, route: 'one.53' },
  ]
  const first = await saying('first')
  await client.sync({
    sites: [{ name: 'one', hosts: ['one.test'], listeners }],
    routes: { one: [first], 'one.53': [{ address: '127.0.0.1', port: echo.address().port }] },
  })
  assert.equal(await raw(tcp, ''), 'first')
  await client.setRoutes('one', [await saying('second')])
  assert.equal(await raw(tcp, ''), 'second')
  await client.setRoutes('one', [])
  assert.equal(await raw(tcp, ''), '')

  const asking = createSocket('udp4')
  t.after(() => asking.close())
  const answer = new Promise((resolve) => asking.once('message', (text) => resolve(`${text}`)))
  asking.send('hello', udp, '127.0.0.1')
  assert.equal(await answer, 'hello!')
})

test('a connection to a port with the PROXY protocol says who it is from', async (t) => {
  const { upstream } = await app(t, (request, response) => response.end(`${request.headers['x-forwarded-for']}`))
  const { client } = await applianceOf(t)
  const extra = await freePort()
  const listeners = [{ scheme: 'http' as const, port: extra, proxyProtocol: true }]
  await client.sync({ sites: [{ name: 'one', hosts: ['one.test'], listeners }], routes: { one: [upstream] } })
  const asked = 'GET / HTTP/1.1\r\nHost: one.test\r\nConnection: close\r\n\r\n'
  assert.match(await raw(extra, `PROXY TCP4 203.0.113.7 192.0.2.1 4000 80\r\n${asked}`), /\r\n\r\n203\.0\.113\.7$/)
  assert.doesNotMatch(await raw(extra, asked), /200 OK/)
})
