import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseAppJson } from './manifest.ts'
import { wantedConfig } from './wanted-config.ts'

const { env = {} } = parseAppJson(`{ "env": {
  "PLAIN": "one", "SYNCED": { "value": "two", "sync": true }, "KEY": { "generator": "secret" },
  "ASKED": { "description": "of the shop" }, "MAYBE": { "required": false } } }`)

test('a first deploy sets what app.json wants, generates secrets, and misses what nobody gave', () => {
  const { config, missing } = wantedConfig(env, {}, true)
  assert.deepEqual({ ...config, KEY: '' }, { PLAIN: 'one', SYNCED: 'two', KEY: '' })
  assert.match(config.KEY ?? '', /^[0-9a-f]{64}$/)
  assert.deepEqual(missing, ['ASKED'])
})

test('a first deploy leaves what somebody set', () => {
  assert.deepEqual(wantedConfig(env, { PLAIN: 'mine', SYNCED: 'two', KEY: 'k', ASKED: 'a' }, true), { config: {}, missing: [] })
})

test('a later deploy sets only what says sync', () => {
  assert.deepEqual(wantedConfig(env, { SYNCED: 'changed' }, false), { config: { SYNCED: 'two' }, missing: [] })
})
