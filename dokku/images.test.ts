import assert from 'node:assert/strict'
import { test } from 'node:test'
import { tagChanges } from './images.ts'

test('tagChanges makes the tags exactly those of the releases', () => {
  const wanted = new Map([
    ['dokku/shop:v2', 'sha256:a'],
    ['dokku/shop:v3', 'sha256:a'],
    ['dokku/shop:v4', 'sha256:b'],
  ])
  const actual = new Map([
    ['dokku/shop:v1', 'sha256:a'],
    ['dokku/shop:v2', 'sha256:a'],
    ['dokku/shop:v4', 'sha256:other'],
  ])
  assert.deepEqual(tagChanges(wanted, actual), {
    add: [
      ['dokku/shop:v3', 'sha256:a'],
      ['dokku/shop:v4', 'sha256:b'],
    ],
    remove: ['dokku/shop:v1'],
  })
  assert.deepEqual(tagChanges(wanted, wanted), { add: [], remove: [] })
})
