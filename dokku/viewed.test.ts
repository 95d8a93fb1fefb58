import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { pino } from 'pino'
import { createApp } from './create.ts'
import { stateOnly } from './fixtures.ts'
import type { Fire } from './hooks.ts'
import { viewed } from './viewed.ts'

/** An instance whose hooks tell which apps have views when a handler is called. */
async function watched() {
  const dir = await mkdtemp(join(tmpdir(), 'viewed-'))
  const roots = { root: join(dir, 'home'), lib: join(dir, 'lib') }
  await mkdir(roots.root)
  const seen: string[] = []
  const handler: Fire = async (name) => {
    seen.push(`${name}: ${(await readdir(roots.root)).sort().join(' ')}`)
  }
  const fire: Fire = viewed(
    handler,
    () => instance,
    () => roots,
  )
  const instance = stateOnly({}, { fire, log: pino({ level: 'silent' }) })
  return { instance, fire, seen, roots, [Symbol.asyncDispose]: () => rm(dir, { recursive: true }) }
}

test('viewed shows an app as it is by the time a handler is called', async () => {
  await using place = await watched()
  const app = await createApp(place.instance, 'shop')
  app.config.set({ A: '1' })
  await place.fire('post-config-update', { app: 'shop', verb: 'set', pairs: ['A'] })
  assert.equal(await readFile(join(place.roots.root, 'shop/ENV'), 'utf8'), "export A='1'\n")
  assert.deepEqual(place.seen, ['post-create: shop', 'post-config-update: shop'])
})

test('viewed shows a renamed app by both names while its plugins follow, and a destroyed one no longer', async () => {
  await using place = await watched()
  const { fire, instance, seen } = place
  await createApp(instance, 'shop')
  instance.db.run('UPDATE apps SET name = ? WHERE name = ?', 'store', 'shop')
  await fire('post-app-rename-setup', { from: 'shop', to: 'store' })
  await fire('post-app-rename', { from: 'shop', to: 'store' })
  assert.deepEqual(await readdir(place.roots.root), ['store'])
  instance.db.run('DELETE FROM apps')
  await fire('post-delete', { app: 'store', tag: 'v1' })
  assert.deepEqual(seen.slice(1), ['post-app-rename-setup: shop store', 'post-app-rename: shop store', 'post-delete: '])
})

test('viewed fires the hook although a view cannot be written', async () => {
  await using place = await watched()
  await rm(place.roots.root, { recursive: true })
  const instance = stateOnly({}, { log: pino({ level: 'silent' }) })
  await createApp(instance, 'shop')
  let fired = 0
  const fire = viewed(
    async () => void fired++,
    () => instance,
    () => ({ root: '/dev/null', lib: '/dev/null' }),
  )
  await fire('post-create', { app: 'shop' })
  assert.equal(fired, 1)
})
