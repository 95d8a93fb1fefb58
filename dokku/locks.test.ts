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
  void work('a')
  void work('b')
  await inOrder.idle()
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

test('keyedQueue lets a signal take a waiting call out, and the next one still waits for the first', async () => {
  const inOrder = keyedQueue()
  const first = Promise.withResolvers<void>()
  const abort = new AbortController()
  const events: string[] = []
  const running = inOrder('app', () => first.promise.then(() => void events.push('first')))
  const calledOff = inOrder('app', async () => events.push('second'), undefined, abort.signal)
  const reason = new Error('called off')
  abort.abort(reason)
  await assert.rejects(calledOff, reason)
  const third = inOrder('app', async () => events.push('third'))
  assert.equal(inOrder.busy('app'), true)
  await soon()
  assert.deepEqual(events, [])
  first.resolve()
  await Promise.all([running, third])
  assert.deepEqual(events, ['first', 'third'])
})

test('limited lets a signal take a waiting call out, and no slot is lost', async () => {
  const atMost = limited(1)
  const first = Promise.withResolvers<void>()
  const abort = new AbortController()
  const running = atMost(() => first.promise)
  const calledOff = atMost(async () => assert.fail('it was called off'), undefined, abort.signal)
  const alsoWaiting = atMost(async () => 'third')
  abort.abort(new Error('called off'))
  await assert.rejects(calledOff, /called off/)
  first.resolve()
  await running
  assert.equal(await alsoWaiting, 'third')
  assert.equal(await atMost(async () => 'fourth'), 'fourth')
})

test('limited passes a slot on that comes in the moment its taker is called off', async () => {
  const atMost = limited(1)
  const first = Promise.withResolvers<void>()
  const abort = new AbortController()
  const running = atMost(() => first.promise)
  const calledOff = atMost(async () => assert.fail('it was called off'), undefined, abort.signal)
  abort.abort(new Error('called off'))
  first.resolve()
  await assert.rejects(calledOff, /called off/)
  await running
  assert.equal(await Promise.race([atMost(async () => 'next'), soon().then(() => 'never')]), 'next')
})
