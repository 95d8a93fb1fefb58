import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { store } from './store.ts'
import { userOf } from './users.ts'

test('every plugin has a user of its own, always the same, whoever asks first', async (t) => {
  const root = await mkdtemp(join(tmpdir(), 'users-'))
  t.after(() => rm(root, { recursive: true }))
  const names = Array.from({ length: 20 }, (_, n) => `plugin-${n % 10}`)
  const ids = await Promise.all(names.map((name) => userOf(store(root), name)))
  assert.equal(new Set(ids).size, 10)
  assert.deepEqual(ids.slice(0, 10), ids.slice(10))
  assert.deepEqual(await Promise.all(names.map((name) => userOf(store(root), name))), ids)
  assert.ok(ids.every((id) => id >= 20_000 && id < 20_010))
})
