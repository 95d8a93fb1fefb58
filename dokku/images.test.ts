import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
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

test('whatever tags there are, tagChanges leads to those wanted, and then has nothing more to change', () => {
  const tags = fc
    .array(fc.tuple(fc.constantFrom('dokku/a:v1', 'dokku/a:v2', 'dokku/b:v1', 'dokku/b:v2'), fc.constantFrom('sha256:1', 'sha256:2')))
    .map((pairs) => new Map(pairs))
  fc.assert(
    fc.property(tags, tags, (wanted, actual) => {
      const { add, remove } = tagChanges(wanted, actual)
      const made = new Map([...actual, ...add])
      for (const tag of remove) assert.ok(made.delete(tag), `${tag} was not there`)
      assert.deepEqual([...made].toSorted(), [...wanted].toSorted())
      assert.deepEqual(tagChanges(wanted, made), { add: [], remove: [] })
    }),
  )
})
