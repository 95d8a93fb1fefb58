import assert from 'node:assert/strict'
import { test } from 'node:test'
import { output } from '#lib/output.ts'
import { maybeApp } from './app.ts'
import { createApp } from './create.ts'
import { stateOnly } from './fixtures.ts'
import { renameApp } from './rename.ts'

const silent = output(
  () => undefined,
  () => undefined,
)

test('renameApp refuses the same name, a taken one, one whose host another app serves, and a locked app', async () => {
  const instance = stateOnly({ DOKKU_HOSTNAME: 'example.com' })
  const shop = await createApp(instance, 'shop')
  const other = await createApp(instance, 'other')
  other.domains.add(['blog.example.com'])
  await assert.rejects(renameApp(shop, 'shop', silent), { code: 'same-name' })
  await assert.rejects(renameApp(shop, 'other', silent), { code: 'app-exists' })
  await assert.rejects(renameApp(shop, 'blog', silent), { code: 'domain-taken' })
  await assert.rejects(createApp(instance, 'blog'), { code: 'domain-taken' })
  assert.equal(maybeApp(instance, 'blog'), undefined)
  shop.setLocked(true)
  await assert.rejects(renameApp(shop, 'new', silent), { code: 'app-locked' })
  assert.equal(shop.name, 'shop')
})
