import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Release } from './release.ts'
import { describeDiff, diffReleases } from './release-diff.ts'

const release = (version: number, more: Partial<Release>): Release => ({
  version,
  image: `sha256:${'a'.repeat(64)}`,
  config: { KEEP: '1', CHANGE: 'old secret', DROP: '1' },
  formation: { web: 1 },
  manifest: { processes: { web: null }, healthchecks: {}, formation: {} },
  options: [],
  args: [],
  revision: null,
  description: '',
  createdBy: 'alice',
  createdAt: '2026-01-01T00:00:00.000Z',
  ...more,
})

test('diffReleases says what changed, and of config the names alone', () => {
  const to = release(2, {
    image: `sha256:${'b'.repeat(64)}`,
    revision: 'c'.repeat(40),
    config: { KEEP: '1', CHANGE: 'new secret', ADD: '1' },
    formation: { web: 2, worker: 1 },
    manifest: { processes: { web: 'node new.js' }, healthchecks: { web: [] }, formation: {} },
    options: [
      { phase: 'deploy', process: 'web', option: '--memory 64m' },
      { phase: 'run', process: '', option: '--env KEY=secret' },
    ],
    args: [{ phase: 'deploy', process: '', option: '--link db:db' }],
  })
  const diff = diffReleases(release(1, {}), to)
  assert.deepEqual(diff.config, { added: ['ADD'], changed: ['CHANGE'], removed: ['DROP'] })
  assert.doesNotMatch(JSON.stringify(diff), /secret/)
  assert.deepEqual(describeDiff(diff), [
    `commit     none -> ${'c'.repeat(12)}`,
    `image      ${'a'.repeat(12)} -> ${'b'.repeat(12)}`,
    'config     + ADD',
    'config     ~ CHANGE',
    'config     - DROP',
    'formation  web 1 -> 2',
    'formation  worker none -> 1',
    'command    web none -> node new.js',
    'checks     changed',
    'option     + deploy web --memory 64m',
    'option     + run --env KEY',
    'option     + deploy --link db:db',
  ])
})

test('diffReleases of a release with itself is empty', () => {
  assert.deepEqual(describeDiff(diffReleases(release(1, {}), release(1, {}))), [])
})
