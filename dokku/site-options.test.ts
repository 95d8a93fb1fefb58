import assert from 'node:assert/strict'
import { test } from 'node:test'
import { options } from '#nginx'
import { type App, maybeApp } from './app.ts'
import { stateOnly } from './fixtures.ts'
import { assertHostsFree } from './hosts.ts'
import { nginxSettings } from './nginx-settings.ts'
import { frontOf, keepFront } from './site-front.ts'
import { optionsOf } from './site-options.ts'

function appsOf(...names: string[]): App[] {
  const instance = stateOnly({ DOKKU_HOSTNAME: 'dokku.test' })
  for (const name of names) instance.db.run('INSERT INTO apps (name, created_at) VALUES (?, ?)', name, '')
  return names.map((name) => maybeApp(instance, name) as App)
}

const [one] = appsOf('shop') as [App]

test('an app without settings is a site without options', () => {
  assert.deepEqual([optionsOf(one), frontOf(one)], [{}, {}])
})

test('settings of an app go before those of all apps, and make options that nginx takes', () => {
  const [shop, blog] = appsOf('shop', 'blog') as [App, App]
  shop.instance.properties.set('nginx client-max-body-size', '2m')
  shop.instance.properties.set('nginx hsts-max-age', '60')
  shop.properties.set('nginx client-max-body-size', '3m')
  shop.properties.set('nginx trusted-proxies', '10.0.0.0/8, cloudflare')
  shop.properties.set('nginx headers', 'X-A: b: c\nX-D: e')
  shop.properties.set('nginx underscore-in-headers', 'on')
  shop.properties.set('nginx proxy-keepalive', '0')
  const hsts = { maxAge: 60, includeSubdomains: true, preload: false }
  assert.deepEqual(options.parse(optionsOf(shop).options), {
    maxBodySize: '3m',
    trustedProxies: ['10.0.0.0/8', 'cloudflare'],
    headers: { 'X-A': 'b: c', 'X-D': 'e' },
    underscoresInHeaders: true,
    proxyKeepalive: false,
    hsts,
  })
  assert.deepEqual(optionsOf(blog), { options: { maxBodySize: '2m', hsts } })
})

test('limits that are set one by one are one limit, and a burst alone is none', () => {
  const [shop] = appsOf('shop') as [App]
  shop.properties.set('nginx rate-limit-burst', '5')
  assert.deepEqual(frontOf(shop), {})
  for (const [name, value] of Object.entries({
    'rate-limit': '10r/s',
    'rate-limit-burst': '5',
    'connection-limit': '3',
    deny: '10.0.0.1 fd00::/8',
  }))
    shop.properties.set(`nginx ${name}`, value)
  assert.deepEqual(frontOf(shop).front, { limits: { rate: '10r/s', burst: 5, connections: 3 }, deny: ['10.0.0.1', 'fd00::/8'] })
})

test('every setting takes what it says holds anyway, and refuses what could leave its directive', () => {
  for (const [name, { usual = '', read }] of Object.entries(nginxSettings)) {
    if (usual !== '') assert.doesNotThrow(() => read(usual), name)
    for (const value of ['a;b', '1;', '}', '{', '1\n}', '$host', '$remote_addr;', '\\', '"', '\0', 'x'.repeat(10_000), '1 '])
      if (!/^x+$/.test(value) || name !== 'headers')
        assert.throws(() => read(value), { code: 'bad-nginx-setting' }, `${name} ${JSON.stringify(value)}`)
  }
})

test('what stands in front of an app is there once it is enabled, and is checked', () => {
  const [shop] = appsOf('shop') as [App]
  keepFront(shop, 'maintenance', { enabled: false, page: '<p>later' })
  assert.deepEqual(frontOf(shop), {})
  keepFront(shop, 'maintenance', { enabled: true, page: '<p>later' })
  assert.deepEqual(frontOf(shop), { front: { maintenance: { page: '<p>later' } } })
  const wrong = { enabled: true, users: [{ name: 'a:b', hash: '$6$x' }], allowed: [] }
  assert.throws(() => keepFront(shop, 'http-auth', wrong), { code: 'bad-front', message: /a user has a name without a colon/ })
})

test('a host that leads elsewhere belongs to its app', () => {
  const [shop, blog] = appsOf('shop', 'blog') as [App, App]
  keepFront(shop, 'redirect', [{ from: 'old.test', to: 'new.test', code: 301 }])
  assert.doesNotThrow(() => assertHostsFree(shop, ['old.test']))
  assert.throws(() => assertHostsFree(blog, ['old.test']), { code: 'domain-taken' })
  assert.doesNotThrow(() => assertHostsFree(blog, ['new.test', 'ld.test']))
})
