import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseCpu } from './idle-cpu.ts'
import { parseMemory } from './memory.ts'
import { inTurn, median } from './stats.ts'

test('the median is the middle value, or the mean of the two in the middle', () => {
  assert.equal(median([3, 1, 2]), 2)
  assert.equal(median([10, 1, 2, 3]), 2.5)
  assert.equal(median([7]), 7)
  assert.throws(() => median([]), /no values/)
})

test('measurements are taken in turn, and each has its own median', async () => {
  const order: string[] = []
  let n = 0
  const { a, b } = await inTurn(3, {
    a: async () => {
      order.push('a')
      return ++n
    },
    b: async () => {
      order.push('b')
      return 10
    },
  })
  assert.deepEqual(order, ['a', 'b', 'a', 'b', 'a', 'b'])
  assert.deepEqual([a, b], [2, 10])
})

test('memory is read from both versions of cgroups', () => {
  assert.equal(parseMemory('anon 1000\nfile 5\n'), 1000)
  assert.equal(parseMemory('cache 5\nrss 1\ntotal_cache 5\ntotal_rss 2000\n'), 2000)
  assert.throws(() => parseMemory('cache 5\n'), /neither/)
})

test('processor time is read from both versions of cgroups', () => {
  assert.equal(parseCpu('usage_usec 1500\nuser_usec 1\n'), 1500)
  assert.equal(parseCpu('1500000\n'), 1500)
  assert.throws(() => parseCpu('nothing'), /neither/)
})
