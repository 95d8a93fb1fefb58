import assert from 'node:assert/strict'
import { mock, test } from 'node:test'
import { patience } from './patience.ts'

test('patience does it at once, then waits longer each time, and takes what comes meanwhile for one', async () => {
  mock.timers.enable({ apis: ['setTimeout'] })
  let clock = 0
  let done = 0
  const again = patience(() => clock)
  const ask = () => again(1, async () => void done++, new AbortController().signal)
  const pass = async (ms: number) => {
    clock += ms
    mock.timers.tick(ms)
    await new Promise(setImmediate)
  }
  await ask()
  assert.equal(done, 1)
  void ask()
  void ask()
  await pass(999)
  assert.equal(done, 1)
  await pass(1)
  assert.equal(done, 2)
  void ask()
  await pass(1_999)
  assert.equal(done, 2)
  await pass(1)
  assert.equal(done, 3)
  clock += 11 * 60_000
  await ask()
  assert.equal(done, 4)
  mock.timers.reset()
})

test('patience that is given up does nothing', async () => {
  const again = patience()
  const ended = new AbortController()
  let done = 0
  const ask = () => again(1, async () => void done++, ended.signal)
  await ask()
  const waiting = ask()
  ended.abort()
  await waiting
  assert.equal(done, 1)
})
