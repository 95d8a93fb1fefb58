import assert from 'node:assert/strict'
import { test } from 'node:test'
import { run } from '#lib/exec.ts'
import { selfSigned } from './certificates.fixture.ts'
import { app, applianceOf } from './harness.ts'

test('a site that wants it is served over HTTP/3, with its own certificate, and says so; without it there is none', async (t) => {
  const { upstream } = await app(t, (request, response) => response.end(`${request.headers['x-forwarded-proto']}`))
  const { client, httpsPort } = await applianceOf(t)
  await client.setRoutes('shop', [upstream])
  await client.setRoutes('other', [upstream])
  const site = async (name: string, http3: boolean) => {
    const tls = await selfSigned(`${name}.test`)
    await client.putSite({ name, hosts: [`${name}.test`], tls, options: { http3 } })
  }
  const ask = async (host: string, ...args: string[]) => {
    const to = ['--resolve', `${host}:${httpsPort}:127.0.0.1`, `https://${host}:${httpsPort}/`]
    return (await run(['curl', '-sk', '--max-time', '5', '-w', ' %{http_version}', ...args, ...to], { allow: 'any' })).stdout
  }
  await site('shop', true)
  assert.equal(await ask('shop.test', '--http3-only'), 'https 3')
  assert.match(await ask('shop.test', '-I'), new RegExp(`alt-svc: h3=":${httpsPort}"; ma=86400`, 'i'))
  assert.match(await ask('nobody.test', '--http3-only'), /^ 0/)
  await site('other', false)
  assert.equal(await ask('other.test'), 'https 2')
  await site('shop', false)
  assert.match(await ask('shop.test', '--http3-only'), /^ 0/)
  assert.equal(await ask('shop.test'), 'https 2')
})
