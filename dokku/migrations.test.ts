import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { copyFile, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { type Database, migrate, open } from '#lib/database.ts'
import { start } from '#lib/exec.ts'
import { sealKey, unseal } from '#lib/seal.ts'
import { allApps } from './app.ts'
import { newSealing, stateOnly } from './fixtures.ts'
import { currentRelease, listReleases } from './release.ts'
import { sealFunctions } from './secrets/sealing.ts'
import { roleOf } from './users.ts'

const dir = join(import.meta.dirname, 'migrations')
const migrations = readdirSync(dir).filter((name) => name.endsWith('.sql'))
const fixtures = readdirSync(join(dir, 'fixtures'))
const row = z.record(z.string(), z.unknown())
const named = z.object({ name: z.string() })
// Which sealed the secrets of the fixtures.
const sealing = newSealing(sealKey(Buffer.alloc(32, 'fixture')))

function scratch(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'migrations-'))
  t.after(() => rmSync(path, { recursive: true }))
  return path
}

/** The database as a released version left it. */
function released(t: TestContext, fixture: string): Database {
  const db = open(join(scratch(t), 'dokku.sqlite'), sealFunctions(sealing))
  db.script(`PRAGMA foreign_keys = OFF; ${readFileSync(join(dir, 'fixtures', fixture), 'utf8')}; PRAGMA foreign_keys = ON`)
  t.after(() => db.close())
  return db
}

function contents(db: Database): Record<string, z.output<typeof row>[]> {
  const tables = db.all(named, "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT IN ('migrations') ORDER BY name")
  const opened = (one: z.output<typeof row>) =>
    Object.fromEntries(
      Object.entries(one).map(([key, value]) => [key, typeof value === 'string' ? unseal(value, sealing.ring.keys) : value]),
    )
  return Object.fromEntries(tables.map(({ name }) => [name, db.all(row, `SELECT * FROM "${name}"`).map(opened).sort(byText)]))
}

function byText(a: unknown, b: unknown): number {
  return JSON.stringify(a) < JSON.stringify(b) ? -1 : 1
}

test('every schema before the newest has a fixture', () => {
  assert.deepEqual(
    fixtures.toSorted(),
    migrations
      .toSorted()
      .slice(0, -1)
      .map((name) => `${name.slice(0, 4)}.sql`),
  )
})

for (const fixture of fixtures)
  test(`the data of schema ${fixture} is all there in the newest, and the program reads it`, async (t) => {
    const db = released(t, fixture)
    const before = contents(db)
    assert.deepEqual(
      Object.keys(before).filter((table) => before[table]?.length === 0),
      [],
      'tables without a row',
    )
    await migrate(db, dir)
    const after = contents(db)
    for (const [table, rows] of Object.entries(before))
      for (const [at, { role, ...rest }] of rows.entries()) {
        // Since schema 4 a role is not a key's but its user's.
        const old = table === 'ssh_keys' ? rest : { ...rest, ...(role === undefined ? {} : { role }) }
        if (table === 'ssh_keys' && role !== undefined) assert.equal(roleOf(db, String(old.name)), role)
        assert.deepEqual({ ...after[table]?.[at], ...old }, after[table]?.[at], table)
      }
    assert.equal(db.all(named, 'SELECT name FROM migrations').length, migrations.length)
    const apps = allApps(stateOnly({}, { db }))
    assert.deepEqual(
      apps.map((app) => [app.name, currentRelease(app)?.version, app.state.stopped, app.hosts.length]),
      [
        ['new-app', undefined, false, 1],
        ['shop', 2, false, 3],
        ['www.example.com', 1, true, 0],
      ],
    )
    assert.deepEqual(currentRelease(apps[1] ?? assert.fail())?.config, { KEY: 'it\'s "two" lines\nlong' })
    assert.equal(listReleases(apps[1] ?? assert.fail()).length, 2)
  })

test('a migration that is killed half way happens once, at the next start', async (t) => {
  const from = scratch(t)
  for (const name of migrations) await copyFile(join(dir, name), join(from, name))
  const slow = `${String(migrations.length + 1).padStart(4, '0')}-slow.sql`
  const count = 1_000_000
  writeFileSync(
    join(from, slow),
    `CREATE TABLE slow (n INTEGER, pad TEXT) STRICT;
INSERT INTO slow WITH RECURSIVE c (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c LIMIT ${count}) SELECT n, 'some bytes to write' FROM c;`,
  )
  const path = join(scratch(t), 'dokku.sqlite')
  const seed = open(path, sealFunctions(sealing))
  await migrate(seed, dir)
  seed.run("INSERT INTO facts VALUES ('kept', '1')")
  seed.close()
  const program = `import { migrate, open } from ${JSON.stringify(join(import.meta.dirname, '../lib/database.ts'))}
const db = open(process.argv[1])
await migrate(db, process.argv[2])
setInterval(() => db, 1000)`
  const child = start([process.execPath, '--input-type=module', '--eval', program, path, from], {})
  // Its log grows long before the transaction ends, and stays: the program keeps the database open.
  while ((await stat(`${path}-wal`).catch(() => ({ size: 0 }))).size < 2 ** 20) await sleep(5)
  child.kill('SIGKILL')
  await child
  const db = open(path)
  t.after(() => db.close())
  assert.equal(db.get(named, "SELECT name FROM sqlite_schema WHERE name = 'slow'"), undefined)
  await migrate(db, from)
  await migrate(db, from)
  assert.deepEqual(db.get(row, 'SELECT count(*) AS n FROM slow'), { n: count })
  assert.equal(db.get(row, "SELECT value FROM facts WHERE name = 'kept'")?.value, '1')
})
