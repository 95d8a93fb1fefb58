import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { emptyDatabase } from './fixtures.ts'
import { followEvents, lastEvents, record } from './journal.ts'

function journal(t: TestContext) {
  const db = emptyDatabase()
  t.after(() => db.close())
  return db
}

test('lastEvents gives the newest of one app or all, oldest first', async (t) => {
  const db = journal(t)
  for (const [app, text] of [
    ['shop', 'one'],
    ['blog', 'two'],
    ['shop', 'three'],
    [undefined, 'four'],
  ] as const)
    record(db, { by: 'ada', text, ...(app === undefined ? {} : { app }) })
  const texts = (events: { text: string }[]) => events.map(({ text }) => text)
  assert.deepEqual(texts(lastEvents(db, { count: 2 })), ['three', 'four'])
  assert.deepEqual(texts(lastEvents(db, { apps: ['shop'], count: 5 })), ['one', 'three'])
})

test('followEvents gives what was, then what comes, of its app only and not what was rolled back, until the signal', async (t) => {
  const db = journal(t)
  const ended = new AbortController()
  const add = (app: string, text: string) => record(db, { app, by: 'ada', text })
  add('shop', 'before')
  add('shop', 'just before')
  const following = followEvents(db, { apps: ['shop'], count: 1 }, ended.signal)
  const next = async () => (await following.next()).value?.text
  assert.equal(await next(), 'just before')
  const coming = next()
  assert.throws(() =>
    db.tx(() => {
      add('shop', 'taken back')
      throw new Error('no')
    }),
  )
  add('blog', 'of another')
  add('shop', 'first')
  assert.equal(await coming, 'first')
  add('shop', 'second')
  add('shop', 'third')
  assert.deepEqual([await next(), await next()], ['second', 'third'])
  const last = next()
  ended.abort()
  assert.equal(await last, undefined)
})
