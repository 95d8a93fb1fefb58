import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm, truncate, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { z } from 'zod'
import type { Database } from '#lib/database.ts'
import { backUp, listCopies } from './copies.ts'
import { restoreDatabase } from './restore.ts'
import { databasePath, openState } from './state.ts'

const hour = 60 * 60 * 1000

/** The state of a new instance, with one app; open. */
async function fresh(t: TestContext) {
  const dir = await mkdtemp(join(tmpdir(), 'state-'))
  t.after(() => rm(dir, { recursive: true }))
  const { db } = await openState(dir, 'RESTORE', {})
  addApp(db, 'first')
  return { dir, db, path: databasePath(dir) }
}

const addApp = (db: Database, name: string) => db.run("INSERT INTO apps (name, created_at) VALUES (?, '')", name)
const apps = (db: Database) => db.all(z.object({ name: z.string() }), 'SELECT name FROM apps ORDER BY name').map(({ name }) => name)
const copyNames = async (path: string) => (await listCopies(path)).map(({ name }) => name)

test('a backup is made hourly until there are three, then daily, and three are kept', async (t) => {
  const { db, path } = await fresh(t)
  const start = Date.now()
  const made: number[] = []
  for (let hours = 0; hours < 100; hours++) {
    const now = start + hours * hour
    if (!(await backUp(path, now))) continue
    made.push(hours)
    const [last] = await listCopies(path)
    assert.ok(last)
    await utimes(last.path, new Date(now), new Date(now))
  }
  assert.deepEqual(made, [0, 2, 4, 29, 54, 79])
  assert.deepEqual(await copyNames(path), ['dokku.sqlite.backup-0006', 'dokku.sqlite.backup-0005', 'dokku.sqlite.backup-0004'])
  db.close()
})

test('a clock that jumps a day back neither stops backups nor makes an old one count as the newest', async (t) => {
  const { db, path } = await fresh(t)
  await backUp(path, Date.now())
  assert.equal(await backUp(path, Date.now() - 25 * hour), true)
  assert.deepEqual(await copyNames(path), ['dokku.sqlite.backup-0002', 'dokku.sqlite.backup-0001'])
  db.close()
})

test('of the copies from before migrations the last two are kept', async (t) => {
  const { db, path } = await fresh(t)
  for (const number of ['0002', '0003', '0010']) await writeFile(`${path}.before-${number}`, '')
  await backUp(path)
  assert.deepEqual(await copyNames(path), ['dokku.sqlite.backup-0001', 'dokku.sqlite.before-0010', 'dokku.sqlite.before-0003'])
  db.close()
})

for (const [what, spoil] of [
  ['cut off', (path: string) => truncate(path, 8192)],
  ['empty', (path: string) => truncate(path, 0)],
  ['no database', (path: string) => writeFile(path, 'x'.repeat(10_000))],
  ['gone', (path: string) => rm(path)],
] as const)
  test(`a database that is ${what} is refused with the way back, and the newest whole copy is put in its place`, async (t) => {
    const { dir, db, path } = await fresh(t)
    await backUp(path)
    addApp(db, 'second')
    await backUp(path, Date.now() + 2 * hour)
    addApp(db, 'lost')
    db.close()
    await spoil(path)
    await assert.rejects(openState(dir, 'RESTORE', {}), (error: { code?: string; hint?: string }) => {
      assert.equal(error.code, 'database-damaged')
      assert.match(error.hint ?? '', /last copy is of \d{4}-\d\d-\d\d \d\d:\d\d UTC.*RESTORE$/)
      return true
    })
    await truncate(`${path}.backup-0002`, 5000)
    const said: string[] = []
    await restoreDatabase(path, undefined, (line) => said.push(line))
    assert.match(said.join('\n'), /backup-0002 .*(malformed|Tree|not a database)/)
    assert.match(said.join('\n'), /backup-0001 .* is the database now/)
    const { db: restored } = await openState(dir, 'RESTORE', {})
    assert.deepEqual(apps(restored), ['first'])
    restored.close()
    const aside = (await readdir(dir)).filter((name) => /aside-[^.]*Z$/.test(name))
    assert.equal(aside.length, what === 'gone' ? 0 : 1)
  })

test('a database that is whole is put back to a copy only when the copy is named, and is kept aside', async (t) => {
  const { dir, db, path } = await fresh(t)
  await backUp(path)
  addApp(db, 'second')
  db.close()
  const quiet = () => undefined
  await assert.rejects(restoreDatabase(path, undefined, quiet), { code: 'database-whole' })
  await assert.rejects(restoreDatabase(path, 'nosuch', quiet), { code: 'no-such-copy' })
  await restoreDatabase(path, 'dokku.sqlite.backup-0001', quiet)
  const { db: restored } = await openState(dir, '', {})
  assert.deepEqual(apps(restored), ['first'])
  restored.close()
})

test('a new volume has no database, and that is no damage', async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'state-'))
  t.after(() => rm(dir, { recursive: true }))
  await writeFile(databasePath(dir), '')
  ;(await openState(dir, '', {})).db.close()
  await rm(databasePath(dir))
  await assert.rejects(
    restoreDatabase(databasePath(dir), undefined, () => undefined),
    { code: 'no-such-copy' },
  )
})
