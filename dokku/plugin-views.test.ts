import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { run } from '#lib/exec.ts'
import { removeAppView, removeCertificateView, writeAppView, writeViews } from './plugin-views.ts'

const shop = { name: 'shop', config: { A: '1', SAID: "it's\n$HOME" }, hosts: ['shop.example.com', 'www.shop.example.com'] }

async function roots(): Promise<{ root: string; lib: string; [Symbol.asyncDispose](): Promise<void> }> {
  const dir = await mkdtemp(join(tmpdir(), 'views-'))
  const [root, lib] = [join(dir, 'home'), join(dir, 'lib')]
  await mkdir(root)
  await mkdir(lib)
  return { root, lib, [Symbol.asyncDispose]: () => rm(dir, { recursive: true }) }
}

test('writeAppView shows config so that a shell reads it back byte for byte', async () => {
  await using place = await roots()
  await writeAppView(place, shop)
  for (const file of [join(place.root, 'shop/ENV'), join(place.lib, 'config/shop/ENV')]) {
    const { stdout } = await run(['bash', '-c', 'source "$1" && printf "%s|%s" "$A" "$SAID"', 'bash', file], {
      env: { HOME: '/elsewhere' },
    })
    assert.equal(stdout, `1|${shop.config.SAID}`)
    assert.equal((await stat(file)).mode & 0o777, 0o600)
  }
})

test('writeAppView shows the domains, and makes the folders that plugins fill', async () => {
  await using place = await roots()
  await writeAppView(place, shop)
  assert.equal(await readFile(join(place.root, 'shop/VHOST'), 'utf8'), 'shop.example.com\nwww.shop.example.com\n')
  assert.deepEqual((await readdir(join(place.root, 'shop'))).sort(), ['ENV', 'VHOST', 'nginx.conf.d', 'tls'])
})

test('a certificate is shown in tls while the app has it; without one, what a plugin put there stays', async () => {
  await using place = await roots()
  const tls = join(place.root, 'shop/tls')
  await writeAppView(place, { ...shop, certificate: { chain: 'CRT', key: 'KEY' } })
  assert.deepEqual([await readFile(join(tls, 'server.crt'), 'utf8'), await readFile(join(tls, 'server.key'), 'utf8')], ['CRT', 'KEY'])
  await removeCertificateView(place, 'shop')
  assert.deepEqual(await readdir(tls), [])
  await writeFile(join(tls, 'server.crt'), 'of a plugin')
  await writeAppView(place, shop)
  assert.equal(await readFile(join(tls, 'server.crt'), 'utf8'), 'of a plugin')
})

test('writeAppView leaves a view that is as it should be untouched, and what plugins keep beside it', async () => {
  await using place = await roots()
  await writeAppView(place, shop)
  await writeFile(join(place.root, 'shop/htpasswd'), 'alice:x\n')
  const file = join(place.root, 'shop/ENV')
  const before = (await stat(file)).ino
  await writeAppView(place, { ...shop, hosts: [] })
  assert.equal((await stat(file)).ino, before)
  assert.equal(await readFile(join(place.root, 'shop/VHOST'), 'utf8'), '')
  assert.equal(await readFile(join(place.root, 'shop/htpasswd'), 'utf8'), 'alice:x\n')
})

test('removeAppView leaves the properties of a plugin that has the app’s name', async () => {
  await using place = await roots()
  await writeAppView(place, shop)
  await mkdir(join(place.lib, 'config/shop/blog'))
  await removeAppView(place, 'shop')
  await removeAppView(place, 'shop')
  assert.deepEqual(await readdir(place.root), [])
  assert.deepEqual(await readdir(join(place.lib, 'config/shop')), ['blog'])
})

test('writeViews removes the views of apps that are gone, and no folder that is none', async () => {
  await using place = await roots()
  await mkdir(join(place.root, '.ssh'))
  await mkdir(join(place.root, 'backups'))
  await writeAppView(place, { ...shop, name: 'gone' })
  await writeViews(place, ['example.com'], [shop])
  assert.deepEqual((await readdir(place.root)).sort(), ['.ssh', 'VHOST', 'backups', 'shop'])
  assert.equal(await readFile(join(place.root, 'VHOST'), 'utf8'), 'example.com\n')
})
