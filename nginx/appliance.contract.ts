import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { test } from 'node:test'
import { connect as connectTls } from 'node:tls'
import { UserError } from '#lib/errors.ts'
import { app, applianceOf, freePort, get, raw } from './harness.ts'

const code =
  (wanted: string, pattern = /./) =>
  (error: unknown) =>
    error instanceof UserError && error.code === wanted && pattern.test(error.message)

test('the appliance closes a connection for an unknown host and rejects an unknown SNI', async (t) => {
  const { port, httpsPort, client } = await applianceOf(t)
  await client.putSite({ name: 'one', hosts: ['one.test'] })
  assert.equal(await raw(port, 'GET / HTTP/1.1\r\nHost: other.test\r\n\r\n'), '')
  assert.equal(await raw(port, 'GET / HTTP/1.0\r\n\r\n'), '')
  const refusal = await new Promise<Error>((resolve, reject) => {
    const socket = connectTls({ host: '127.0.0.1', port: httpsPort, servername: 'one.test', rejectUnauthorized: false }, () =>
      reject(new Error('the handshake succeeded')),
    )
    socket.on('error', resolve)
  })
  assert.match(refusal.message, /alert/)
})

test('the appliance serves a site, its wildcard and its IDN host, over IPv4 and IPv6', async (t) => {
  const { upstream } = await app(t, (request, response) => response.end(`${request.headers.host}`))
  const { port, client } = await applianceOf(t)
  await client.sync({ sites: [{ name: 'one', hosts: ['one.test', '*.one.test', 'Bücher.example'] }], routes: { one: [upstream] } })
  for (const host of ['one.test', 'a.b.one.test', 'xn--bcher-kva.example', 'one.test:8080'])
    assert.deepEqual(await get(port, host), { status: 200, text: host })
  assert.deepEqual(await get(port, 'ONE.test'), { status: 200, text: 'one.test' })
  if (existsSync('/proc/net/if_inet6')) assert.equal((await get(port, 'one.test', { address: '::1' })).status, 200)
})

test('the appliance overwrites forwarded headers and drops what a client could claim', async (t) => {
  const { upstream } = await app(t, (request, response) => response.end(JSON.stringify(request.headers)))
  const { port, client } = await applianceOf(t)
  await client.sync({ sites: [{ name: 'one', hosts: ['one.test'] }], routes: { one: [upstream] } })
  const claimed = [
    'x-forwarded-for',
    'x-forwarded-proto',
    'x-forwarded-port',
    'x-forwarded-host',
    'x-forwarded-ssl',
    'x-real-ip',
    'forwarded',
    'proxy',
  ]
  const headers = Object.fromEntries([...claimed, 'x-request-start', 'x_forwarded_for'].map((name) => [name, 'evil']))
  const { text } = await get(port, 'one.test', { headers })
  assert.doesNotMatch(text, /evil/)
  const seen: Record<string, string> = JSON.parse(text)
  assert.equal(seen['x-forwarded-for'], '127.0.0.1')
  assert.equal(seen['x-forwarded-proto'], 'http')
  assert.equal(seen['x-forwarded-port'], `${port}`)
  assert.match(`${seen['x-request-start']}`, /^\d+\.\d{3}$/)
})

test('the appliance refuses requests that two readers could read differently', async (t) => {
  let asked = 0
  const { upstream } = await app(t, (request, response) => {
    asked++
    response.end(request.headers.host)
  })
  const { port, client } = await applianceOf(t)
  await client.sync({ sites: [{ name: 'one', hosts: ['one.test'] }], routes: { one: [upstream] } })
  const post = 'POST / HTTP/1.1\r\nHost: one.test\r\n'
  for (const bad of [
    `${post}Content-Length: 4\r\nContent-Length: 5\r\n\r\nabcde`,
    `${post}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    `${post}Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n`,
    `${post}Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n`,
    'GET / HTTP/1.1\r\nHost: one.test\r\nHost: two.test\r\n\r\n',
  ])
    assert.match(await raw(port, bad), /^HTTP\/1\.1 (400|501) /, bad)
  assert.equal(asked, 0)
  // The host that chose the site is the host that the app sees.
  assert.match(await raw(port, 'GET http://one.test/ HTTP/1.1\r\nHost: two.test\r\nConnection: close\r\n\r\n'), /one\.test$/)
})

test('a site without routes answers 502 with a plain page, and nothing stays counted', async (t) => {
  const dead = { address: '127.0.0.1', port: await freePort() }
  const { port, client } = await applianceOf(t)
  await client.putSite({ name: 'one', hosts: ['one.test'] })
  const page = { status: 502, text: 'This app is not running, or it did not answer.\n' }
  assert.deepEqual(await get(port, 'one.test'), page)
  await client.setRoutes('one', [dead])
  assert.deepEqual(await get(port, 'one.test'), page)
  assert.deepEqual(await client.drain([dead], { timeoutMs: 0 }), { open: 0 })
  await client.setRoutes('one', [])
  assert.deepEqual(await get(port, 'one.test'), page)
})

test('several upstreams take turns, and a dead one is passed over, for POST too', async (t) => {
  const served = [0, 0]
  const counting = (index: 0 | 1) =>
    app(t, (_, response) => {
      served[index] = (served[index] ?? 0) + 1
      response.end()
    })
  const [one, two] = [await counting(0), await counting(1)]
  const dead = { address: '127.0.0.1', port: await freePort() }
  const { port, client } = await applianceOf(t)
  await client.sync({ sites: [{ name: 'one', hosts: ['one.test'] }], routes: { one: [one.upstream, dead, two.upstream] } })
  for (let count = 0; count < 40; count++) {
    const { status } = await get(port, 'one.test', count % 2 === 0 ? {} : { method: 'POST', body: 'x' })
    assert.equal(status, 200)
  }
  assert.ok((served[0] ?? 0) > 5 && (served[1] ?? 0) > 5, `${served}`)
  assert.deepEqual(await client.drain([one.upstream, two.upstream, dead], { timeoutMs: 5000 }), { open: 0 })
})

test('a body larger than the site allows is answered 413', async (t) => {
  const { upstream } = await app(t, (request, response) => request.resume().on('end', () => response.end('taken')))
  const { port, client } = await applianceOf(t)
  const body = 'x'.repeat(1_500_000)
  await client.sync({
    sites: [
      { name: 'one', hosts: ['one.test'] },
      { name: 'two', hosts: ['two.test'], options: { maxBodySize: '2m' } },
    ],
    routes: { one: [upstream], two: [upstream] },
  })
  const refusal = await get(port, 'one.test', { method: 'POST', body, headers: { expect: '100-continue' } })
  assert.equal(refusal.status, 413)
  assert.deepEqual(await get(port, 'two.test', { method: 'POST', body }), { status: 200, text: 'taken' })
})

test('a refused site leaves configuration, store and traffic as they were', async (t) => {
  const { upstream } = await app(t, (_, response) => response.end('fine'))
  const { port, client, stateDir } = await applianceOf(t)
  await client.sync({ sites: [{ name: 'one', hosts: ['one.test'] }], routes: { one: [upstream] } })
  const files = () => Promise.all(['nginx.conf', 'state.json', 'routes'].map((file) => readFile(`${stateDir}/${file}`, 'utf8')))
  const before = await files()
  const huge = { maxBodySize: '999999999999g' }
  await assert.rejects(client.putSite({ name: 'two', hosts: ['two.test'], options: huge }), code('site-refused', /client_max_body_size/))
  await assert.rejects(client.putSite({ name: 'one', hosts: ['one.test'], options: huge }), code('site-refused'))
  await assert.rejects(client.putSite({ name: 'two', hosts: ['one.test'] }), code('site-refused', /one\.test belongs to one/))
  await assert.rejects(client.putSite({ name: 'two', hosts: ['a.test; } server { listen 81'] }), code('bad-request', /not a host name/))
  await assert.rejects(client.putSite({ name: '../two', hosts: [] }), code('bad-request'))
  await assert.rejects(client.setRoutes('one', [{ address: 'metadata.internal', port: 80 }]), code('bad-request'))
  assert.deepEqual(await files(), before)
  assert.deepEqual(await get(port, 'one.test'), { status: 200, text: 'fine' })
})

test('one bad site of a whole state is reported and keeps its last good version, the others are served', async (t) => {
  const { upstream } = await app(t, (_, response) => response.end('fine'))
  const { port, client } = await applianceOf(t)
  const routes = { one: [upstream], two: [upstream], three: [upstream], four: [upstream] }
  await client.sync({ sites: [{ name: 'two', hosts: ['two.test'] }], routes })
  const sites = [
    { name: 'one', hosts: ['one.test'] },
    { name: 'two', hosts: ['two.test', 'new.test'], options: { maxBodySize: '999999999999g' } },
    { name: 'three', hosts: ['three.test'] },
    { name: 'four', hosts: ['four;test'] },
  ]
  // `sync` takes what was parsed elsewhere, too.
  assert.deepEqual(
    (await client.sync({ sites, routes })).map(({ name }) => name),
    ['four', 'two'],
  )
  for (const host of ['one.test', 'two.test', 'three.test']) assert.equal((await get(port, host)).status, 200, host)
  assert.equal(await raw(port, 'GET / HTTP/1.1\r\nHost: new.test\r\n\r\n'), '')
})

test('after a restart the appliance serves its sites and routes without being told again', async (t) => {
  const { upstream } = await app(t, (_, response) => response.end('fine'))
  const { port, client, stop, again } = await applianceOf(t)
  await client.sync({ sites: [{ name: 'one', hosts: ['one.test'] }], routes: { one: [upstream] } })
  assert.equal(await stop(), 0)
  await assert.rejects(client.health(), code('appliance-away'))
  await again()
  assert.deepEqual(await get(port, 'one.test'), { status: 200, text: 'fine' })
})

test('a stored site that no longer passes is reported, and the appliance starts with the others', async (t) => {
  const running = await applianceOf(t, async (stateDir) => {
    await mkdir(stateDir)
    const huge = { maxBodySize: '999999999999g' }
    const stored = [
      { name: 'one', hosts: ['one.test'] },
      { name: 'two', hosts: ['two.test'], options: huge },
      { name: 'three', hosts: ['th ree'] },
    ]
    await writeFile(`${stateDir}/sites.json`, JSON.stringify(stored))
  })
  assert.equal((await get(running.port, 'one.test')).status, 502)
  assert.match(running.log(), /starting without two: .*client_max_body_size/)
  assert.match(running.log(), /starting without three: .*not a host name/)
})

test('the appliance ends with a failure when nginx ends', async (t) => {
  const { stateDir, ended } = await applianceOf(t)
  const master = Number(await readFile(`${stateDir}/../run/nginx.pid`, 'utf8'))
  process.kill(master, 'SIGKILL')
  assert.notEqual(await ended(), 0)
})
