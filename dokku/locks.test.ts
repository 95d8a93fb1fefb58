import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as soon } from 'node:timers/promises'
import { keyedQueue, limited } from './locks.ts'

test('keyedQueue runs calls with one key in order and tells who waits', async () => {
  const inOrder = keyedQueue()
  const events: string[] = []
  const work = (name: string) =>
    inOrder(
      'app',
      async () => {
        events.push(`${name} begins`)
        await soon()
        events.push(`${name} ends`)
      },
      () => events.push(`${name} waits`),
    )
  await Promise.all([work('a'), work('b')])
  assert.deepEqual(events, ['b waits', 'a begins', 'a ends', 'b begins', 'b ends'])
})

test('keyedQueue lets different keys run side by side, and a failure does not stop the next', async () => {
  const inOrder = keyedQueue()
  let release = () => {}
  const blocked = inOrder('a', () => new Promise<void>((resolve) => (release = resolve)))
  assert.deepEqual([inOrder.busy('a'), inOrder.busy('b')], [true, false])
  assert.equal(await inOrder('b', async () => 'through'), 'through')
  release()
  await blocked
  assert.equal(inOrder.busy('a'), false)
  await assert.rejects(inOrder('a', async () => Promise.reject(new Error('no'))))
  assert.equal(await inOrder('a', async () => 1), 1)
})

test('limited never runs more than its limit', async () => {
  const atMost = limited(2)
  let running = 0
  let most = 0
  await Promise.all(
    Array.from({ length: 7 }, () =>
      atMost(async () => {
        most = Math.max(most, ++running)
        await soon()
        running--
      }),
    ),
  )
  assert.equal(most, 2)
})
