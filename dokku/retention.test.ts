import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Release } from './release.ts'
import { parseRetention, surplus } from './retention.ts'

const releases = (...images: string[]) => images.map((image, at) => ({ image, version: images.length - at }) as Release)
const versions = (of: readonly Release[]) => of.map(({ version }) => version)

test('surplus is what is older than the releases to keep', () => {
  assert.deepEqual(versions(surplus(releases('c', 'b', 'a'), 2)), [1])
  assert.deepEqual(surplus(releases('c', 'b', 'a'), 3), [])
  assert.deepEqual(surplus([], 3), [])
})

test('surplus leaves the last other image, however many releases of the current one came after it', () => {
  assert.deepEqual(versions(surplus(releases('b', 'b', 'b', 'a', 'a'), 2)), [3, 1])
  assert.deepEqual(versions(surplus(releases('b', 'b', 'b'), 1)), [2, 1])
})

test('parseRetention takes a count above zero', () => {
  assert.equal(parseRetention('25'), 25)
  for (const bad of ['0', '-1', 'all', '1.5', '']) assert.throws(() => parseRetention(bad), { code: 'bad-retention' })
})
