import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { test } from 'node:test'
import { run } from '#lib/exec.ts'
import { selfSigned } from './certificates.fixture.ts'
import { app, applianceOf, get, raw } from './harness.ts'
import type { Options } from './options.ts'

/** A site with options, before an app that answers with the headers it got. */
async function having(t: Parameters<typeof applianceOf>[0], options: Options) {
  const { upstream } = await app(t, (request, response) => {
    response.setHeader('X-Frame-Options', 'SAMEORIGIN')
    response.end(JSON.stringify(request.headers))
  })
  const running = await applianceOf(t)
  await running.client.setRoutes('shop', [upstream])
  const put = (wanted: Options) => running.client.putSite({ name: 'shop', hosts: ['shop.test'], options: wanted })
  await put(options)
  const told = async (headers: Record<string, string>) =>
    JSON.parse((await get(running.port, 'shop.test', { headers })).text) as Record<string, string>
  return { ...running, upstream, put, told }
}

const claims = {
  'x-forwarded-for': '203.0.113.7, 10.0.0.1',
  'x-forwarded-proto': 'https',
  'x-forwarded-port': '8443',
  'x-forwarded-ssl': 'on',
  'x-ssl-client-s-dn': 'CN=root',
}

test('what a client claims about itself counts only from a trusted proxy', async (t) => {
  const { put, told, port } = await having(t, { forwardedSsl: '$http_x_forwarded_ssl', forwardedFor: '$proxy_add_x_forwarded_for' })
  const seen = await told(claims)
  assert.deepEqual([seen['x-forwarded-for'], seen['x-forwarded-proto'], seen['x-forwarded-port']], ['127.0.0.1', 'http', `${port}`])
  assert.deepEqual([seen['x-forwarded-ssl'], seen['x-ssl-client-s-dn']], [undefined, undefined])

  await put({ trustedProxies: ['127.0.0.0/8', '10.0.0.0/8'], forwardedSsl: '$http_x_forwarded_ssl' })
  const trusted = await told(claims)
  assert.deepEqual(
    [trusted['x-forwarded-for'], trusted['x-forwarded-proto'], trusted['x-forwarded-port']],
    ['203.0.113.7', 'https', '8443'],
  )
  assert.deepEqual([trusted['x-forwarded-ssl'], trusted['x-ssl-client-s-dn']], ['on', undefined])
  const implied = await told({ 'x-forwarded-for': 'nonsense', 'x-forwarded-proto': 'https, http' })
  assert.deepEqual([implied['x-forwarded-for'], implied['x-forwarded-proto'], implied['x-forwarded-port']], ['127.0.0.1', 'https', '443'])
  assert.equal((await told({ 'x-forwarded-proto': 'gopher' }))['x-forwarded-proto'], 'http')

  await put({ trustedProxies: ['127.0.0.0/8'], forwardedFor: '$proxy_add_x_forwarded_for' })
  assert.equal((await told(claims))['x-forwarded-for'], '203.0.113.7, 10.0.0.1, 127.0.0.1')
  await put({ trustedProxies: ['192.0.2.0/24'] })
  assert.equal((await told(claims))['x-forwarded-for'], '127.0.0.1')
})

test('a request that a trusted proxy had over HTTPS is not sent there again', async (t) => {
  const { client, port, httpsPort, upstream } = await having(t, {})
  await client.setRoutes('shop', [upstream])
  const tls = await selfSigned('shop.test')
  await client.putSite({ name: 'shop', hosts: ['shop.test'], tls, options: { trustedProxies: ['private'] } })
  const ask = (more: string) => raw(port, `GET /a HTTP/1.1\r\nHost: shop.test\r\nConnection: close\r\n${more}\r\n`)
  assert.match(await ask(''), new RegExp(`^HTTP/1\\.1 301 [\\s\\S]*Location: https://shop\\.test:${httpsPort}/a\r\n`))
  assert.match(await ask('X-Forwarded-Proto: https\r\n'), /^HTTP\/1\.1 200 /)
})

test('headers of a site take the place of the app’s own, and HSTS is as it says', async (t) => {
  const { port, client, put, httpsPort } = await having(t, { headers: { 'X-Frame-Options': 'DENY', 'X-A': `a "b" \\ {;}` } })
  const ask = () => raw(port, 'GET / HTTP/1.1\r\nHost: shop.test\r\nConnection: close\r\n\r\n')
  const answer = await ask()
  assert.deepEqual(
    answer.match(/^X-Frame-Options: .*$/gim)?.map((line) => line.trim()),
    ['X-Frame-Options: DENY'],
  )
  assert.match(answer, /^X-A: a "b" \\ \{;\}\r$/m)
  const tls = await selfSigned('shop.test')
  const secure = async (options: Options) => {
    await client.putSite({ name: 'shop', hosts: ['shop.test'], tls, options })
    return (await run(['curl', '-skI', '--resolve', `shop.test:${httpsPort}:127.0.0.1`, `https://shop.test:${httpsPort}/`])).stdout
  }
  assert.match(await secure({ headers: { 'X-A': 'b' } }), /strict-transport-security: max-age=15724800; includeSubDomains/i)
  assert.match(
    await secure({ hsts: { maxAge: 60, includeSubdomains: false, preload: true } }),
    /strict-transport-security: max-age=60; preload/i,
  )
  assert.doesNotMatch(await secure({ hsts: false }), /strict-transport-security/i)
  await put({})
  assert.match(await ask(), /X-Frame-Options: SAMEORIGIN/i)
})

test('a modern site shakes hands by TLS 1.3 only, and its neighbour by 1.2 too', async (t) => {
  const { client, httpsPort } = await having(t, {})
  for (const name of ['shop', 'other'])
    await client.putSite({
      name,
      hosts: [`${name}.test`],
      tls: await selfSigned(`${name}.test`),
      options: { tlsProfile: name === 'shop' ? 'modern' : 'intermediate' },
    })
  const shake = async (host: string, ...version: string[]) => {
    const args = ['-sk', '-o', '/dev/null', '-w', '%{http_code}', ...version, '--resolve', `${host}:${httpsPort}:127.0.0.1`]
    return (await run(['curl', ...args, `https://${host}:${httpsPort}/`], { allow: 'any' })).stdout
  }
  assert.equal(await shake('shop.test', '--tlsv1.3'), '200')
  assert.equal(await shake('shop.test', '--tlsv1.2', '--tls-max', '1.2'), '000')
  assert.equal(await shake('other.test', '--tlsv1.2', '--tls-max', '1.2'), '502')
})

test('a site for clients with certificates serves nobody else, over HTTP neither', async (t) => {
  const dir = await mkdtemp(`${tmpdir()}/client-`)
  t.after(() => rm(dir, { recursive: true, force: true }))
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '30']
  await run(['openssl', 'req', '-x509', ...curve, '-subj', '/CN=authority', '-keyout', `${dir}/ca.key`, '-out', `${dir}/ca.crt`])
  await run([
    'openssl',
    'req',
    '-x509',
    '-CA',
    `${dir}/ca.crt`,
    '-CAkey',
    `${dir}/ca.key`,
    ...curve,
    '-subj',
    '/CN=alice',
    '-keyout',
    `${dir}/a.key`,
    '-out',
    `${dir}/a.crt`,
  ])
  const { client, httpsPort, port } = await having(t, {})
  const options = { clientCa: await readFile(`${dir}/ca.crt`, 'utf8') }
  await client.putSite({ name: 'shop', hosts: ['shop.test'], tls: { ...(await selfSigned('shop.test')), redirect: false }, options })
  const ask = async (...args: string[]) =>
    (
      await run([
        'curl',
        '-sk',
        '-w',
        ' %{http_code}',
        ...args,
        '--resolve',
        `shop.test:${httpsPort}:127.0.0.1`,
        `https://shop.test:${httpsPort}/`,
      ])
    ).stdout
  assert.match(await ask(), / 400$/)
  assert.match(await ask('--cert', `${dir}/a.crt`, '--key', `${dir}/a.key`), /"x-ssl-client-s-dn":"CN=alice".* 200$/)
  assert.equal((await get(port, 'shop.test')).status, 403)
})

test('limits and times of a site are its own', async (t) => {
  const { port, put } = await having(t, { maxBodySize: '1k', bindAddress4: '127.0.0.2', proxyBuffers: '8 4k', proxyKeepalive: false })
  await assert.rejects(get(port, 'shop.test'))
  assert.equal((await get(port, 'shop.test', { address: '127.0.0.2' })).status, 200)
  await put({ maxBodySize: '1k', underscoresInHeaders: true, accessLog: false, http3: true })
  assert.equal((await get(port, 'shop.test', { method: 'POST', body: 'x'.repeat(2000) })).status, 413)
  assert.match((await get(port, 'shop.test', { headers: { a_b: 'c' } })).text, /"a_b":"c"/)
})

test('options that nginx refuses leave the site as it was', async (t) => {
  const { port, put } = await having(t, { maxBodySize: '1k' })
  await assert.rejects(put({ proxyBuffers: '2 4k', proxyBusyBuffersSize: '64k' }), {
    code: 'site-refused',
    message: /proxy_busy_buffers_size/,
  })
  assert.equal((await get(port, 'shop.test', { method: 'POST', body: 'x'.repeat(2000) })).status, 413)
})
