import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkManifest } from './manifest.ts'
import { plainManifest } from './read-manifest.ts'

test('a plain plugin.toml is read without the schema, and means the same', () => {
  for (const table of [
    {},
    { description: 'x', version: '1.0', config: {}, compatibility: {} },
    { name: 'a-b', maintainer_email: 'me@example.com', config: { 'key-a': 'what it is' } },
  ])
    assert.deepEqual(plainManifest(table), checkManifest(table, 'plugin.toml'))
})

test('a plugin.toml that says more, or something wrong, is left to the schema', () => {
  for (const table of [
    5,
    { version: 1 },
    { name: '../x' },
    { description: 'x'.repeat(101) },
    { config: { 'a b': 'x' } },
    { config: { key: { description: 'typed' } } },
    { compatibility: { host: '>=1' } },
    { daemon: { run: ['x'], hooks: ['y'] } },
    { commands: {} },
  ])
    assert.equal(plainManifest(table), undefined)
})
