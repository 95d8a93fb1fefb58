import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { readdir, stat } from 'node:fs/promises'
import { request } from 'node:https'
import { test } from 'node:test'
import { connect as connectTls } from 'node:tls'
import { run } from '#lib/exec.ts'
import { selfSigned } from './certificates.fixture.ts'
import { added, app, applianceOf, get, raw } from './harness.ts'

/** The certificate that a client gets who asks for a name, or why it gets none. */
function shown(port: number, servername: string | undefined): Promise<X509Certificate> {
  return new Promise((resolve, reject) => {
    const socket = connectTls({ host: '127.0.0.1', port, rejectUnauthorized: false, ...(servername ? { servername } : {}) }, () => {
      const certificate = socket.getPeerX509Certificate()
      socket.destroy()
      if (certificate === undefined) reject(new Error('no certificate'))
      else resolve(certificate)
    })
    socket.on('error', reject)
  })
}

/** A request over HTTPS to a host, by a client that trusts one certificate alone. */
function secure(port: number, host: string, ca: string): Promise<{ status: number; text: string; hsts: string | undefined }> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, servername: host, ca, agent: false, headers: { host } }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk
      })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text, hsts: response.headers['strict-transport-security'] }))
    })
    sent.on('error', reject)
    sent.end()
  })
}

test('a site is served with its certificate, plain HTTP is sent there, and a new certificate counts at once, without a reload', async (t) => {
  const { upstream } = await app(t, (request, response) => response.end(`${request.headers['x-forwarded-proto']}`))
  const { port, httpsPort, client, workers, stateDir, stop, again } = await applianceOf(t)
  const [first, second] = [await selfSigned('one.test', '*.one.test'), await selfSigned('one.test')]
  await client.setRoutes('one', [upstream])
  const before = await workers()
  await client.putSite({ name: 'one', hosts: ['one.test', '*.one.test'], tls: first })
  const hsts = 'max-age=15724800; includeSubDomains'
  assert.deepEqual(await secure(httpsPort, 'one.test', first.certificate), { status: 200, text: 'https', hsts })
  assert.deepEqual(await secure(httpsPort, 'a.one.test', first.certificate), { status: 200, text: 'https', hsts })
  const plain = await raw(port, 'GET /x?y=1 HTTP/1.1\r\nHost: one.test\r\nConnection: close\r\n\r\n')
  assert.match(plain, new RegExp(`^HTTP/1\\.1 301 [\\s\\S]*Location: https://one\\.test:${httpsPort}/x\\?y=1\r\n`))
  assert.doesNotMatch(plain, /Strict-Transport-Security/)

  await client.putSite({ name: 'one', hosts: ['one.test'], tls: { ...second, redirect: false } })
  const fingerprint = new X509Certificate(second.certificate).fingerprint256
  assert.equal((await shown(httpsPort, 'one.test')).fingerprint256, fingerprint)
  assert.equal((await get(port, 'one.test')).text, 'http')
  assert.deepEqual(added(before, await workers()), [])

  // What was replaced is gone, what is there is for nginx's master alone, and a restart knows it.
  const files = await readdir(`${stateDir}/certificates`)
  assert.equal((await stat(`${stateDir}/certificates/${files[0]}`)).mode & 0o777, 0o600)
  await stop()
  await again()
  assert.equal((await shown(httpsPort, 'ONE.test')).fingerprint256, fingerprint)
  assert.deepEqual(JSON.stringify(await client.sync({ sites: [], routes: {} })), '[]')
  await assert.rejects(shown(httpsPort, 'one.test'))
})

test('a name without a certificate, a name that is nobody’s and a client without a name get no handshake', async (t) => {
  const { httpsPort, client } = await applianceOf(t)
  await client.putSite({ name: 'one', hosts: ['one.test'] })
  await client.putSite({ name: 'two', hosts: ['two.test'], tls: await selfSigned('two.test') })
  for (const name of ['one.test', 'other.test', undefined, 'two.test.evil', 'x.two.test'])
    await assert.rejects(shown(httpsPort, name), /alert/, name)
  assert.match((await shown(httpsPort, 'two.test')).subject, /two\.test/)
})

test('a certificate that does not belong to its key, or is none, is refused and the last one stays', async (t) => {
  const { httpsPort, client, stateDir } = await applianceOf(t)
  const [mine, other] = [await selfSigned('one.test'), await selfSigned('one.test')]
  await client.putSite({ name: 'one', hosts: ['one.test'], tls: mine })
  const site = (tls: { certificate: string; key: string }) => ({ name: 'one', hosts: ['one.test', 'new.test'], tls })
  for (const bad of [
    { certificate: mine.certificate, key: other.key },
    { certificate: 'nothing', key: mine.key },
    { certificate: mine.certificate, key: 'nothing' },
    { certificate: mine.certificate.replace(/\n[^\n]{30}/, '\n'), key: mine.key },
  ]) {
    await assert.rejects(client.putSite(site(bad)), { code: 'bad-certificate' })
    const [refused] = await client.sync({ sites: [site(bad)], routes: {} })
    assert.equal(refused?.name, 'one')
    assert.equal((await shown(httpsPort, 'new.test')).fingerprint256, new X509Certificate(mine.certificate).fingerprint256)
  }
  assert.equal((await readdir(`${stateDir}/certificates`)).length, 1)
})

test('a site with words of its own in nginx’s configuration is served with its certificate, over HTTP/2 too', async (t) => {
  const { upstream } = await app(t, (_, response) => response.end('fine'))
  const { port, httpsPort, client } = await applianceOf(t)
  const tls = await selfSigned('one.test')
  await client.sync({ sites: [{ name: 'one', hosts: ['one.test'], options: { maxBodySize: '2m' }, tls }], routes: { one: [upstream] } })
  assert.equal((await secure(httpsPort, 'one.test', tls.certificate)).status, 200)
  assert.equal((await get(port, 'one.test')).status, 301)
  const curl: [string, ...string[]] = [
    'curl',
    '-sk',
    '--http2',
    '--resolve',
    `one.test:${httpsPort}:127.0.0.1`,
    '-w',
    ' %{http_version}',
    `https://one.test:${httpsPort}/`,
  ]
  assert.equal((await run(curl)).stdout, 'fine 2')
})

test('TLS 1.1 and ciphers without forward secrecy are refused, and a second connection resumes the first one’s session', async (t) => {
  const { httpsPort, client } = await applianceOf(t)
  await client.putSite({ name: 'one', hosts: ['one.test'], tls: await selfSigned('one.test') })
  const openssl = async (...words: string[]) => {
    const where = ['-connect', `127.0.0.1:${httpsPort}`, '-servername', 'one.test']
    return await run(['openssl', 's_client', ...where, ...words], { input: '' }).then(
      ({ stdout }) => stdout,
      () => 'refused',
    )
  }
  assert.equal(await openssl('-tls1_1', '-cipher', 'ALL:@SECLEVEL=0'), 'refused')
  assert.equal(await openssl('-tls1_2', '-cipher', 'AES128-GCM-SHA256'), 'refused')
  assert.match(await openssl('-tls1_2', '-reconnect'), /Reused, TLSv1\.2/)
})

test('a challenge is answered to whoever asks any host for it, before a redirect and for hosts that are nobody’s', async (t) => {
  const { upstream } = await app(t, (_, response) => response.end('the app'))
  const { port, client } = await applianceOf(t)
  const path = '/.well-known/acme-challenge/token-1'
  await client.sync({
    sites: [
      { name: 'one', hosts: ['one.test'], tls: await selfSigned('one.test') },
      { name: 'two', hosts: ['two.test'], tls: await selfSigned('two.test'), options: { maxBodySize: '2m' } },
      { name: 'three', hosts: ['three.test'] },
    ],
    routes: { one: [upstream], two: [upstream], three: [upstream] },
  })
  await client.setChallenge('token-1', 'token-1.thumb')
  for (const host of ['one.test', 'two.test', 'three.test', 'other.test'])
    assert.deepEqual(await get(port, host, { path }), { status: 200, text: 'token-1.thumb' }, host)
  await client.removeChallenge('token-1')
  assert.equal((await get(port, 'one.test', { path })).status, 301)
  assert.equal((await get(port, 'two.test', { path })).status, 301)
  assert.equal((await get(port, 'three.test', { path })).text, 'the app')
  await assert.rejects(get(port, 'other.test', { path }))
  await assert.rejects(client.setChallenge('../x', 'a.b'), { code: 'bad-request' })
  await assert.rejects(client.setChallenge('x', 'a b\nc'), { code: 'bad-request' })
})
