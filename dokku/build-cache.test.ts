import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { CacheRecord } from '#builder'
import { surplus } from './build-cache.ts'

const record = (id: string, usedAt: number, more: Partial<CacheRecord> = {}): CacheRecord => ({
  id,
  description: '',
  bytes: 10,
  createdAt: 0,
  usedAt,
  parents: [],
  inUse: false,
  shared: false,
  ...more,
})
const ids = (text: string) => new Set(text.split(''))

test('surplus takes those longest unused until the rest fits, and nothing when it fits or there is no limit', () => {
  const records = [record('a', 3), record('b', 1), record('c', 2)]
  assert.deepEqual(surplus(records, ids('abc'), 15), ['b', 'c'])
  assert.deepEqual(surplus(records, ids('abc'), 30), [])
  assert.deepEqual(surplus(records, ids('abc'), 0), [])
})

test('surplus neither counts nor takes what is foreign or shared with an image', () => {
  const records = [record('a', 1, { bytes: 1000 }), record('b', 2, { shared: true, bytes: 1000 }), record('c', 3)]
  assert.deepEqual(surplus(records, ids('bc'), 10), [])
  assert.deepEqual(surplus(records, ids('bc'), 5), ['c'])
})

test('surplus takes what lies on a record before it, and keeps what a foreign or used record lies on', () => {
  const chain = [record('a', 1), record('b', 5, { parents: ['a'], createdAt: 1 }), record('c', 3)]
  assert.deepEqual(surplus(chain, ids('abc'), 1), ['c', 'b', 'a'])
  assert.deepEqual(surplus(chain, ids('ac'), 1), ['c'])
  assert.deepEqual(surplus([record('a', 1), record('b', 5, { parents: ['a'], inUse: true })], ids('ab'), 1), [])
})

test('surplus leaves ours within the limit, or nothing of ours that could go', () => {
  const cache = fc
    .array(
      fc.record({ bytes: fc.nat(50), usedAt: fc.nat(20), below: fc.nat(), inUse: fc.boolean(), shared: fc.boolean(), mine: fc.boolean() }),
    )
    .map((rows) =>
      rows.map(({ below, mine, ...rest }, at) => ({
        mine,
        ...record(String(at), 0, { ...rest, createdAt: at, parents: at > 0 && below % 3 > 0 ? [String(below % at)] : [] }),
      })),
    )
  fc.assert(
    fc.property(cache, fc.integer({ min: 1, max: 200 }), (records, limit) => {
      const ours = new Set(records.filter(({ mine }) => mine).map(({ id }) => id))
      const doomed = surplus(records, ours, limit)
      const left = records.filter(({ id }) => !doomed.includes(id))
      for (const id of doomed) {
        assert(ours.has(id))
        assert(!left.some(({ parents }) => parents.includes(id)), `${id} goes, and something that stays lies on it`)
      }
      const counted = left.filter(({ mine, shared }) => mine && !shared)
      const fits = counted.reduce((sum, { bytes }) => sum + bytes, 0) <= limit
      const removable = counted.filter(({ id, inUse }) => !inUse && !left.some(({ parents }) => parents.includes(id)))
      assert(fits || removable.length === 0)
    }),
  )
})
