import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { Queue } from './queue.ts'

const never = new AbortController().signal

/** Has a place's turn come by now? */
async function came(turn: ReturnType<Queue['take']>): Promise<boolean> {
  return await Promise.race([turn.come(never).then(() => true), new Promise<boolean>((resolve) => setImmediate(() => resolve(false)))])
}

test('Queue runs so many at once, and the rest in the order in which they came', async () => {
  const queue = new Queue({ atOnce: 2, waiting: 9 })
  const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((key) => queue.take(key))
  assert.ok(a && b && c && d)
  assert.deepEqual(
    [a, b, c, d].map(({ ahead }) => ahead),
    [0, 0, 2, 3],
  )
  assert.deepEqual(await Promise.all([a, b, c, d].map(came)), [true, true, false, false])
  b.leave()
  assert.deepEqual(await Promise.all([c, d].map(came)), [true, false])
})

test('Queue never runs two of one key together, and lets others pass meanwhile', async () => {
  const queue = new Queue({ atOnce: 2, waiting: 9 })
  const first = queue.take('shop')
  const second = queue.take('shop')
  const other = queue.take('site')
  assert.deepEqual(await Promise.all([first, second, other].map(came)), [true, false, true])
  other.leave()
  assert.equal(await came(second), false)
  first.leave()
  assert.equal(await came(second), true)
})

test('Queue refuses whoever would be one too many to wait, but nobody who need not', () => {
  const queue = new Queue({ atOnce: 2, waiting: 1 })
  queue.take('shop')
  queue.take('shop')
  assert.equal(queue.take('site').ahead, 0)
  assert.throws(() => queue.take('third'), { code: 'queue-full' })
})

test('Queue lets those leave who are stopped while they wait', async () => {
  const queue = new Queue({ atOnce: 1, waiting: 1 })
  const first = queue.take('a')
  const stop = new AbortController()
  const waits = queue.take('b').come(stop.signal)
  stop.abort(new Error('enough'))
  await assert.rejects(waits, /enough/)
  const next = queue.take('c')
  first.leave()
  assert.equal(await came(next), true)
  await assert.rejects(queue.take('d').come(stop.signal), /enough/)
})

test('Queue gives everybody a turn, whatever comes and goes', async () => {
  const step = fc.record({ key: fc.constantFrom('a', 'b', 'c'), leave: fc.nat(3) })
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30 }), fc.integer({ min: 1, max: 3 }), async (steps, atOnce) => {
      const queue = new Queue({ atOnce, waiting: 100 })
      const running: { key: string; turn: ReturnType<Queue['take']> }[] = []
      let begun = 0
      for (const { key, leave } of steps) {
        const turn = queue.take(key)
        void turn.come(never).then(() => {
          begun++
          assert.ok(running.length < atOnce && !running.some((other) => other.key === key))
          running.push({ key, turn })
        })
        await new Promise(setImmediate)
        for (const { turn } of running.splice(0, leave)) turn.leave()
        await new Promise(setImmediate)
      }
      for (; running.length > 0; await new Promise(setImmediate)) for (const { turn } of running.splice(0)) turn.leave()
      assert.equal(begun, steps.length)
    }),
    { numRuns: 50 },
  )
})
