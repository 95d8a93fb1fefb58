import assert from 'node:assert/strict'
import { test } from 'node:test'
import { app, applianceOf, get } from './harness.ts'
import { rawText } from './raw-text.ts'

const place = { site: 'shop', hosts: ['shop.test'], folders: ['/home/dokku/shop/'], prefix: 'app_shop_' }
const template = `server {
  listen [::]:80;
  listen 80;
  server_name shop.test;
  add_header X-Template yes always;
  include /home/dokku/shop/nginx.conf.d/*.conf;
  location /own { return 200 own; }
  location / { proxy_pass http://shop-5000; proxy_http_version 1.1; }
}
upstream shop-5000 { server 0.0.0.1:5000; keepalive 4; }
`

test('a template’s server is served beside the site, follows its route without a reload, and answers challenges', async (t) => {
  const [first, second] = [await app(t, (_, response) => response.end('first')), await app(t, (_, response) => response.end('second'))]
  const { port, client, workers } = await applianceOf(t)
  const additions = {
    folders: ['/home/dokku/shop'],
    inside: [],
    beside: [{ path: '/home/dokku/shop/nginx.conf.sigil', text: rawText(template, place) }],
    files: [],
  }
  await client.setRoutes('shop', [first.upstream])
  assert.deepEqual(await client.putSite({ name: 'shop', hosts: ['shop.test'], additions }), [])
  assert.deepEqual([(await get(port, 'shop.test')).text, (await get(port, 'shop.test', { path: '/own' })).text], ['first', 'own'])
  const before = await workers()
  await client.setRoutes('shop', [second.upstream])
  assert.equal((await get(port, 'shop.test')).text, 'second')
  assert.deepEqual(await client.drain([first.upstream, second.upstream], { timeoutMs: 5000 }), { open: 0 })
  assert.deepEqual(await workers(), before)
  await client.setChallenge('token', 'token.thumb')
  assert.equal((await get(port, 'shop.test', { path: '/.well-known/acme-challenge/token' })).text, 'token.thumb')
  assert.equal((await get(port, 'shop.test', { path: '/.well-known/acme-challenge/other' })).text, 'second')
})
