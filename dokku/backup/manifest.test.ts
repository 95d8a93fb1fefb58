import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseManifest } from './manifest.ts'

const manifest = {
  format: 1,
  version: '0.1.0',
  instance: 'dokku',
  app: null,
  createdAt: '2026-01-01T00:00:00.000Z',
  key: 'none',
  apps: [{ id: 1, name: 'shop', objects: 'sha1' }],
  volumes: [{ name: 'uploads', apps: ['shop'] }],
  networks: [],
  rows: { apps: 1 },
  missing: [],
}

test('a backup says what is in it; one of a later format is refused as such, and anything else as none', () => {
  assert.deepEqual(parseManifest(JSON.stringify(manifest)), manifest)
  assert.throws(() => parseManifest(JSON.stringify({ format: 2, whatever: 'it has' })), { code: 'newer-archive' })
  for (const wrong of [
    '',
    '{}',
    '[]',
    'null',
    '{"format":1}',
    JSON.stringify({ ...manifest, more: 1 }),
    JSON.stringify({ ...manifest, apps: [{ id: 'x' }] }),
  ])
    assert.throws(() => parseManifest(wrong), { code: 'broken-archive' }, wrong)
})

test('names of apps, volumes and networks that no command would take are no part of a backup', () => {
  for (const wrong of [
    { apps: [{ id: 1, name: '../shop', objects: 'sha1' }] },
    { volumes: [{ name: '../../etc', apps: [] }] },
    { networks: ['host'.repeat(40)] },
    { networks: ['--driver'] },
  ])
    assert.throws(() => parseManifest(JSON.stringify({ ...manifest, ...wrong })), { code: 'broken-archive' }, JSON.stringify(wrong))
})
