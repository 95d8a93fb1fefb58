import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { test } from 'node:test'
import { render } from './config.ts'
import { served } from './server.ts'
import type { Settings } from './settings.ts'
import type { Site } from './site.ts'

const settings: Settings = {
  httpPort: 80,
  httpsPort: 443,
  ipv6: true,
  runDir: '/run/nginx-appliance',
  stateDir: '/var/lib/nginx-appliance',
  luaDir: '/opt/dokku/nginx/lua',
}

const sites: Site[] = [
  { name: 'shop', hosts: ['shop.example.com', '*.shop.example.com'], options: { maxBodySize: '20m' } },
  { name: 'blog', hosts: ['blog.example.com'] },
  { name: 'quiet', hosts: [] },
]

/** Compares with golden/NAME; `GOLDEN=write` writes it anew, to be read before it is committed. */
async function golden(name: string, text: string): Promise<void> {
  const path = `${import.meta.dirname}/golden/${name}`
  if (process.env.GOLDEN === 'write') await writeFile(path, text)
  assert.equal(text, await readFile(path, 'utf8'))
}

test('nginx.conf of two sites and one without hosts is as in golden/sites.conf', async () => {
  await golden('sites.conf', render({ sites }, settings))
})

test('nginx.conf of a site with texts inside and beside it is as in golden/additions.conf: its own server has no host that a text serves', async () => {
  const folder = '/home/dokku/shop'
  const additions = {
    digest: '0123456789abcdef0123456789abcdef',
    inside: [`${folder}/nginx.conf.d/a.conf`, `${folder}/nginx.conf.d/b.conf`],
    beside: [{ path: `${folder}/nginx.conf`, hosts: ['www.example.com'] }],
  }
  const shop = { name: 'shop', hosts: ['shop.example.com', 'www.example.com'], additions }
  await golden('additions.conf', served(shop, settings))
  assert.doesNotMatch(served({ ...shop, hosts: ['www.example.com'] }, settings), /server \{/)
})

test('nginx.conf of a site at a unix socket is as in golden/socket.conf: nothing of it is held back or too large', async () => {
  await golden('socket.conf', served({ name: 'door', hosts: ['door.example.com'], socket: '/run/door.sock' }, settings))
})

test('nginx.conf without sites, without IPv6 and on other ports is as in golden/empty.conf', async () => {
  await golden('empty.conf', render({ sites: [] }, { ...settings, ipv6: false, httpPort: 8080, httpsPort: 8443 }))
})

test('nginx.conf does not depend on the order of the sites', () => {
  assert.equal(render({ sites }, settings), render({ sites: sites.toReversed() }, settings))
})

test('nginx.conf has one server for a site whose plain HTTP is only the way to HTTPS, and two where nginx has to decide', () => {
  const tls = { digest: 'ab', notAfter: '2030-01-01T00:00:00Z', redirect: true }
  const shop: Site = { name: 'shop', hosts: ['shop.example.com'], tls, options: { maxBodySize: '20m' } }
  const count = (all: Site[]) => render({ sites: all }, settings).match(/server_name shop\.example\.com;/g)?.length
  assert.equal(count([shop]), 1)
  assert.equal(count([{ ...shop, options: { trustedProxies: ['10.0.0.0/8'] } }]), 1)
  assert.equal(count([{ ...shop, front: { redirects: [{ from: 'a.test', to: 'b.test', code: 301 }] } }]), 2)
  const all: Site = { name: 'all', hosts: ['*.example.com'], options: { maxBodySize: '20m' } }
  assert.equal(count([shop, all]), 2)
})
