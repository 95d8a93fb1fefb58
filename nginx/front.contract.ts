import assert from 'node:assert/strict'
import { test } from 'node:test'
import { run } from '#lib/exec.ts'
import type { Front } from './front.ts'
import { app, applianceOf, freePort, get, raw } from './harness.ts'

const answer = 'token.thumb'
const html = { accept: 'text/html,*/*' }

/** A site with something in front of it, before an app that says where it was asked for. */
async function behind(t: Parameters<typeof applianceOf>[0], front: Front, hosts = ['shop.test']) {
  const { upstream } = await app(t, (request, response) => response.end(`shop ${request.url}`))
  const running = await applianceOf(t)
  await running.client.setRoutes('shop', [upstream])
  const put = (wanted: Front) => running.client.putSite({ name: 'shop', hosts, front: wanted })
  await put(front)
  const asked = (path: string, host = 'shop.test', more = '') =>
    raw(running.port, `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n${more}\r\n`)
  return { ...running, put, asked }
}

const hashOf = async (password: string) => (await run(['openssl', 'passwd', '-6', '-stdin'], { input: `${password}\n` })).stdout.trim()
const basic = (name: string, password: string) => ({ authorization: `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}` })

test('a site in maintenance answers everything with 503 and its page, but not a certificate authority', async (t) => {
  const { port, put, asked, client } = await behind(t, { maintenance: {} })
  assert.match(
    await asked('/a?b', 'shop.test', 'Accept: text/html\r\n'),
    /^HTTP\/1\.1 503 [\s\S]*Retry-After: 300\r\n[\s\S]*Back in a while/i,
  )
  assert.deepEqual(await get(port, 'shop.test', { method: 'POST', body: 'x'.repeat(10_000) }), {
    status: 503,
    text: 'This app is being worked on: please come back later.\n',
  })
  await client.setChallenge('token-1_a', answer)
  assert.deepEqual(await get(port, 'shop.test', { path: '/.well-known/acme-challenge/token-1_a' }), { status: 200, text: answer })

  const logo = Buffer.from('<svg/>').toString('base64')
  await put({ maintenance: { page: '<h1>$closed {today}</h1>', files: { 'img/logo.svg': logo } } })
  assert.deepEqual(await get(port, 'shop.test', { path: '/x', headers: html }), { status: 503, text: '<h1>$closed {today}</h1>' })
  assert.deepEqual(await get(port, 'shop.test', { path: '/img/logo.svg' }), { status: 200, text: '<svg/>' })
  assert.equal((await get(port, 'shop.test', { path: '/img/../../htpasswd' })).status, 400)
  await put({})
  assert.equal((await get(port, 'shop.test')).text, 'shop /')
})

test('a site with a password asks for it, unless the address is allowed; challenges are answered without', async (t) => {
  const users = [
    { name: 'al ice', hash: await hashOf('s3cr$t:"}') },
    { name: 'bücher', hash: await hashOf('ü') },
  ]
  const { port, put, asked, client } = await behind(t, { auth: { users, allowed: [] } })
  assert.match(await asked('/'), /^HTTP\/1\.1 401 [\s\S]*WWW-Authenticate: Basic/)
  for (const wrong of [basic('al ice', 'x'), basic('al', 's3cr$t:"}'), basic('', '')])
    assert.equal((await get(port, 'shop.test', { headers: wrong })).status, 401)
  for (const right of [basic('al ice', 's3cr$t:"}'), basic('bücher', 'ü')])
    assert.equal((await get(port, 'shop.test', { headers: right })).text, 'shop /')
  await client.setChallenge('token', answer)
  assert.equal((await get(port, 'shop.test', { path: '/.well-known/acme-challenge/token' })).text, answer)
  assert.equal((await get(port, 'shop.test', { path: '/.well-known/acme-challenge/..;/admin' })).status, 401)

  await put({ auth: { users, allowed: ['127.0.0.0/8'] } })
  assert.equal((await get(port, 'shop.test')).text, 'shop /')
  await put({ auth: { users, allowed: ['127.0.0.0/8'] }, deny: ['127.0.0.1'] })
  assert.equal((await get(port, 'shop.test', { headers: basic('bücher', 'ü') })).status, 403)
})

test('a redirect sends a host to another with path and query, and the host under a wildcard that it leads to stays', async (t) => {
  const redirects: Front['redirects'] = [
    { from: 'old.test', to: 'shop.test', code: 301 },
    { from: '*.wild.test', to: 'www.wild.test', code: 302 },
    { from: 'far.wild.test', to: 'https://far.test:8443', code: 308 },
  ]
  const { port, asked, client } = await behind(t, { redirects }, ['shop.test', 'old.test', '*.wild.test'])
  assert.match(
    await asked('/a%20b?c=%0d', `old.test:${port}`),
    new RegExp(`^HTTP/1\\.1 301 [\\s\\S]*Location: http://shop\\.test:${port}/a%20b\\?c=%0d\r\n`),
  )
  assert.match(await asked('/x', 'any.wild.test'), /^HTTP\/1\.1 302 [\s\S]*Location: http:\/\/www\.wild\.test\/x\r\n/)
  assert.match(await asked('/x', 'far.wild.test'), /^HTTP\/1\.1 308 [\s\S]*Location: https:\/\/far\.test:8443\/x\r\n/)
  assert.match(await asked('/x', 'www.wild.test'), /shop \/x$/m)
  assert.match(await asked('/x'), /shop \/x/)
  await client.setChallenge('token', answer)
  assert.match(await asked('/.well-known/acme-challenge/token', 'old.test'), /token\.thumb/)
})

test('a client beyond its limits gets 429, by a site of its own', async (t) => {
  const { port, client } = await behind(t, { limits: { rate: '1r/m', burst: 2 } })
  await client.putSite({ name: 'other', hosts: ['other.test'], front: { limits: { rate: '1r/m', burst: 2 } } })
  const statuses = []
  for (let i = 0; i < 5; i++) statuses.push((await get(port, 'shop.test')).status)
  assert.deepEqual(statuses, [200, 200, 200, 429, 429])
  assert.equal((await get(port, 'other.test')).status, 502)
})

test('a site serves only who is allowed, and shows its own pages for what nginx refuses', async (t) => {
  const { port, put, client } = await behind(t, { allow: ['192.0.2.0/24'], pages: { 403: '<p>not you', 502: '<p>asleep' } })
  assert.deepEqual(await get(port, 'shop.test', { headers: html }), { status: 403, text: '<p>not you' })
  await put({ pages: { 502: '<p>asleep' } })
  await client.setRoutes('shop', [])
  assert.deepEqual(await get(port, 'shop.test', { headers: html }), { status: 502, text: '<p>asleep' })
  assert.deepEqual(await get(port, 'shop.test'), { status: 502, text: 'This app is not running, or it did not answer.\n' })
  await client.setRoutes('shop', [{ address: '127.0.0.1', port: await freePort() }])
  assert.equal((await get(port, 'shop.test', { headers: html })).text, '<p>asleep')
})

test('pages of ours are HTML for a browser and a line for others: which one, its status and for how long', async (t) => {
  const { port, client } = await applianceOf(t)
  await client.sync({ sites: [{ name: 'shop', hosts: ['shop.test'] }], routes: {}, homes: ['home.test'] })
  const seen = await raw(port, 'GET / HTTP/1.1\r\nHost: shop.test\r\nAccept: text/html\r\nConnection: close\r\n\r\n')
  assert.match(seen, /^HTTP\/1\.1 502 [\s\S]*Cache-Control: no-store[\s\S]*<h1>This app is not running<\/h1>/i)
  assert.doesNotMatch(seen, /https?:\/\/|src=|@import|\{\w+\}/)
  assert.equal((await get(port, 'shop.test')).text, 'This app is not running, or it did not answer.\n')
  await client.setRoutes('shop', { upstreams: [], because: 'deploying' })
  const soon = await raw(port, 'GET / HTTP/1.1\r\nHost: shop.test\r\nAccept: text/html\r\nConnection: close\r\n\r\n')
  assert.match(soon, /^HTTP\/1\.1 503 [\s\S]*Retry-After: 5\r\n[\s\S]*<h1>Starting for the first time<\/h1>/i)
  assert.deepEqual(await get(port, 'any.home.test'), { status: 404, text: 'There is no app here.\n' })
  assert.match(
    (await get(port, 'any.home.test', { headers: html })).text,
    /<h1>There is no app here<\/h1>[\s\S]*any\.home\.test &middot; 404/,
  )
})

test('a route that leads somewhere again is served by every worker that said why it did not', async (t) => {
  const { port, client } = await applianceOf(t)
  const { upstream } = await app(t, (_, response) => response.end('here'))
  await client.sync({ sites: [{ name: 'shop', hosts: ['shop.test'] }], routes: {} })
  for (let round = 0; round < 3; round++) {
    await client.setRoutes('shop', { upstreams: [], because: 'deploying' })
    for (let asked = 0; asked < 10; asked++) assert.equal((await get(port, 'shop.test')).status, 503)
    await client.setRoutes('shop', [upstream])
    for (let asked = 0; asked < 10; asked++) assert.equal((await get(port, 'shop.test')).text, 'here')
  }
})
