import assert from 'node:assert/strict'
import { test } from 'node:test'
import { appendAudit, type Entry, lastAudit, verifyAudit } from './audit.ts'
import { emptyDatabase } from './fixtures.ts'

const entry = (text: string, more: Partial<Entry> = {}): Entry => ({
  by: 'ada',
  credential: 'key x',
  door: 'ssh',
  text,
  status: 0,
  ...more,
})

function trail(count: number) {
  const db = emptyDatabase()
  for (let n = 1; n <= count; n++) appendAudit(db, entry(`command ${n}`, n % 2 === 0 ? { app: 'shop', release: n } : { by: 'bob' }))
  return db
}

/** Changes the trail as somebody who can write the file could. */
function tamper(db: ReturnType<typeof trail>, sql: string) {
  db.script(`DROP TRIGGER audit_is_never_changed; DROP TRIGGER audit_is_never_cut; ${sql}`)
}

test('the audit trail gives the last entries, of an app or a user', () => {
  const db = trail(6)
  const texts = (query: Parameters<typeof lastAudit>[1]) => lastAudit(db, query).map(({ text }) => text)
  assert.deepEqual(texts({ count: 2 }), ['command 5', 'command 6'])
  assert.deepEqual(texts({ count: 2, app: 'shop' }), ['command 4', 'command 6'])
  assert.deepEqual(texts({ count: 9, by: 'bob' }), ['command 1', 'command 3', 'command 5'])
})

test('the audit trail is whole, and its head is another after every entry', () => {
  const db = trail(5)
  const before = verifyAudit(db)
  assert.ok('entries' in before && before.entries === 5)
  appendAudit(db, entry('more'))
  const after = verifyAudit(db)
  assert.ok('entries' in after && after.entries === 6 && after.head !== before.head)
})

test('the audit trail can be neither changed nor cut', () => {
  const db = trail(3)
  assert.throws(() => db.run("UPDATE audit SET text = 'nothing'"), /never changed/)
  assert.throws(() => db.run('DELETE FROM audit WHERE id = 1'), /never cut/)
})

for (const [what, sql, at] of [
  ['a changed word', "UPDATE audit SET text = 'nothing' WHERE id = 3", 3],
  ['a changed hash', "UPDATE audit SET hash = 'x' WHERE id = 3", 3],
  ['an entry taken out', 'DELETE FROM audit WHERE id = 3', 3],
  ['the first entry taken out', 'DELETE FROM audit WHERE id = 1', 1],
  ['the last entry taken out', 'DELETE FROM audit WHERE id = 5', 5],
  ['all of it taken out', 'DELETE FROM audit', 1],
] as const)
  test(`audit:verify finds ${what}`, () => {
    const db = trail(5)
    tamper(db, sql)
    const state = verifyAudit(db)
    assert.equal('brokenAt' in state && state.brokenAt, at)
  })

test('the audit trail drops its oldest entries, keeps the hash of the last of them, and stays whole', () => {
  const db = trail(3)
  const kept = 200_000
  // As if so many had been written: what lies between is dropped already.
  const [, , third] = lastAudit(db, { count: 3 })
  db.run("INSERT INTO facts VALUES ('audit dropped', ?), ('audit dropped hash', ?)", String(kept + 900), third?.hash ?? '')
  db.run('DELETE FROM audit')
  for (let n = 1; n <= 100; n++) appendAudit(db, entry(`later ${n}`))
  assert.equal(lastAudit(db, { count: 1 })[0]?.id, kept + 1000)
  const state = verifyAudit(db)
  assert.ok('entries' in state)
  assert.deepEqual([state.entries, state.dropped], [100, kept + 900])
})
