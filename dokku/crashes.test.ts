import assert from 'node:assert/strict'
import { test } from 'node:test'
import { maybeApp } from './app.ts'
import { crashes, crashText } from './crashes.ts'
import { stateOnly } from './fixtures.ts'
import { lastEvents } from './journal.ts'

const minute = 60_000

function shop() {
  const instance = stateOnly()
  instance.db.run("INSERT INTO apps (name, created_at) VALUES ('shop', '')")
  return { instance, app: maybeApp(instance, 'shop') ?? assert.fail() }
}

test('a process that ends three times within five minutes crashes again and again, and is an event once', () => {
  const { app, instance } = shop()
  const seen = crashes()
  for (const at of [0, 1, 2, 3]) seen.ended(app, 'web.1', 1, at * minute)
  seen.ended(app, 'worker.1', 0, 3 * minute)
  assert.deepEqual(seen.of(app, 3 * minute), [{ dyno: 'web.1', ends: 4, since: 0, exitCode: 1, outOfMemory: false }])
  assert.deepEqual(
    lastEvents(instance.db, { apps: undefined, count: 10 }).map(({ text }) => text),
    ['web.1 crashes again and again: 3 times in 2 min, last with status 1'],
  )
})

test('ends that lie far apart, or before a deploy, are no loop', () => {
  const { app } = shop()
  const seen = crashes()
  for (const at of [0, 3, 6, 9]) seen.ended(app, 'web.1', 1, at * minute)
  assert.deepEqual(seen.of(app, 9 * minute), [])
  for (const at of [10, 10, 10]) seen.ended(app, 'web.1', 1, at * minute)
  assert.equal(seen.of(app, 10 * minute).length, 1)
  assert.deepEqual(seen.of(app, 20 * minute), [])
  seen.forget(app)
  assert.deepEqual(seen.of(app, 10 * minute), [])
})

test('memory that ran out is said of the end that followed', () => {
  const { app } = shop()
  const seen = crashes()
  for (const at of [0, 1, 2]) {
    seen.oom(app, 'web.1', at)
    seen.ended(app, 'web.1', 137, at)
  }
  const [found] = seen.of(app, 2)
  assert.match(crashText(found ?? assert.fail(), 2), /3 times in 1 min, last with status 137, out of memory$/)
})
