import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { test } from 'node:test'
import { render, type Settings } from './config.ts'
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
  await golden('sites.conf', render(sites, settings))
})

test('nginx.conf without sites, without IPv6 and on other ports is as in golden/empty.conf', async () => {
  await golden('empty.conf', render([], { ...settings, ipv6: false, httpPort: 8080, httpsPort: 8443 }))
})

test('nginx.conf does not depend on the order of the sites', () => {
  assert.equal(render(sites, settings), render(sites.toReversed(), settings))
})
