import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { z } from 'zod'
import { type Database, migrate, open } from './database.ts'

const named = z.object({ name: z.string() })
const names = (database: Database) => database.all(named, 'SELECT name FROM apps ORDER BY name').map(({ name }) => name)

/** An empty directory, and a database in it. */
async function fresh(): Promise<AsyncDisposable & { dir: string; path: string; migration: (name: string, sql: string) => Promise<void> }> {
  const dir = await mkdtemp(join(tmpdir(), 'database-'))
  return {
    dir,
    path: join(dir, 'state.sqlite'),
    migration: (name, sql) => writeFile(join(dir, `${name}.sql`), sql),
    [Symbol.asyncDispose]: () => rm(dir, { recursive: true }),
  }
}

test('a database gives rows as the schema says', () => {
  const database = open(':memory:')
  database.script('CREATE TABLE apps (id INTEGER PRIMARY KEY, name TEXT, stopped INTEGER)')
  assert.deepEqual(database.run('INSERT INTO apps (name, stopped) VALUES (?, ?)', 'shop', 0), { changes: 1, lastId: 1 })
  const row = database.get(
    z.strictObject({ id: z.number(), name: z.string(), stopped: z.number().transform(Boolean) }),
    'SELECT * FROM apps',
  )
  assert.deepEqual(row, { id: 1, name: 'shop', stopped: false })
  assert.equal(database.get(named, 'SELECT name FROM apps WHERE name = ?', 'blog'), undefined)
  assert.throws(() => database.all(z.object({ name: z.number() }), 'SELECT name FROM apps'), z.ZodError)
  database.close()
})

test('a database is safe against power cuts and strangers', async () => {
  await using place = await fresh()
  const database = open(place.path)
  database.script('CREATE TABLE apps (name TEXT)')
  assert.equal(database.get(z.object({ journal_mode: z.string() }), 'PRAGMA journal_mode')?.journal_mode, 'wal')
  assert.equal(database.get(z.object({ synchronous: z.number() }), 'PRAGMA synchronous')?.synchronous, 2)
  for (const file of await readdir(place.dir)) assert.equal((await stat(join(place.dir, file))).mode & 0o777, 0o600, file)
  database.close()
})

test('a database checks foreign keys', () => {
  const database = open(':memory:')
  database.script('CREATE TABLE apps (id INTEGER PRIMARY KEY); CREATE TABLE config (app_id INTEGER REFERENCES apps (id))')
  assert.throws(() => database.run('INSERT INTO config VALUES (1)'), /FOREIGN KEY/)
  database.close()
})

test('a transaction is all or nothing, also inside another', () => {
  const database = open(':memory:')
  database.script('CREATE TABLE apps (name TEXT)')
  const insert = (name: string) => database.run('INSERT INTO apps VALUES (?)', name)
  const failing = (name: string) => () => {
    insert(name)
    throw new Error('no')
  }
  assert.throws(() => database.tx(failing('a')), /no/)
  assert.deepEqual(names(database), [])
  assert.equal(
    database.tx(() => {
      insert('b')
      assert.throws(() => database.tx(failing('c')), /no/)
      database.tx(() => insert('d'))
      return 7
    }),
    7,
  )
  assert.deepEqual(names(database), ['b', 'd'])
  assert.throws(() => database.tx(async () => insert('e')), /asynchronous/)
  assert.deepEqual(names(database), ['b', 'd'])
  database.close()
})

test('migrations are applied once, in order', async () => {
  await using place = await fresh()
  await place.migration('0001-start', 'CREATE TABLE apps (name TEXT)')
  await place.migration('0002-first', "INSERT INTO apps VALUES ('shop')")
  const database = open(place.path)
  await migrate(database, place.dir)
  await migrate(database, place.dir)
  assert.deepEqual(names(database), ['shop'])
  database.close()
})

test('migrations copy a database that has data before they touch it', async () => {
  await using place = await fresh()
  await place.migration('0001-start', "CREATE TABLE apps (name TEXT); INSERT INTO apps VALUES ('shop')")
  const database = open(place.path)
  await migrate(database, place.dir)
  const copies = async () => (await readdir(place.dir)).filter((name) => name.includes('before'))
  assert.deepEqual(await copies(), [])
  await writeFile(`${place.path}.before-0002.new`, 'left by a crash')
  await place.migration('0002-rename', 'ALTER TABLE apps RENAME TO services')
  await place.migration('0003-more', "INSERT INTO services VALUES ('blog')")
  await migrate(database, place.dir)
  assert.deepEqual(await copies(), ['state.sqlite.before-0002'])
  const copied = open(`${place.path}.before-0002`)
  assert.deepEqual(names(copied), ['shop'])
  copied.close()
  database.close()
})

test('a migration that fails leaves the database as the one before it left it', async () => {
  await using place = await fresh()
  await place.migration('0001-start', 'CREATE TABLE apps (name TEXT)')
  await place.migration('0002-broken', "INSERT INTO apps VALUES ('shop'); INSERT INTO nosuch VALUES (1)")
  const database = open(place.path)
  await assert.rejects(migrate(database, place.dir), /nosuch/)
  assert.deepEqual(names(database), [])
  await place.migration('0002-broken', "INSERT INTO apps VALUES ('blog')")
  await migrate(database, place.dir)
  assert.deepEqual(names(database), ['blog'])
  database.close()
})

test('a migration may rebuild a table that others refer to, but not leave rows that refer to nothing', async () => {
  await using place = await fresh()
  await place.migration(
    '0001-start',
    `CREATE TABLE apps (id INTEGER PRIMARY KEY); CREATE TABLE config (app_id INTEGER REFERENCES apps (id) ON DELETE CASCADE);
     INSERT INTO apps VALUES (1); INSERT INTO config VALUES (1)`,
  )
  await place.migration(
    '0002-rebuild',
    'CREATE TABLE new (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO new SELECT id, NULL FROM apps; DROP TABLE apps; ALTER TABLE new RENAME TO apps',
  )
  const database = open(place.path)
  await migrate(database, place.dir)
  assert.equal(database.all(z.object({ app_id: z.number() }), 'SELECT app_id FROM config').length, 1)
  await place.migration('0003-dangling', 'DELETE FROM apps')
  await assert.rejects(migrate(database, place.dir), /refer to nothing/)
  assert.throws(() => database.run('INSERT INTO config VALUES (9)'), /FOREIGN KEY/)
  database.close()
})

test('migrations refuse a database of a newer version', async () => {
  await using place = await fresh()
  await place.migration('0001-start', 'CREATE TABLE apps (name TEXT)')
  await place.migration('0002-newer', 'CREATE TABLE more (name TEXT)')
  const database = open(place.path)
  await migrate(database, place.dir)
  await rm(join(place.dir, '0002-newer.sql'))
  await assert.rejects(migrate(database, place.dir), { code: 'database-newer' })
  database.close()
})

test('migrations refuse files that were changed or have a gap', async () => {
  await using place = await fresh()
  await place.migration('0001-start', 'CREATE TABLE apps (name TEXT)')
  const database = open(place.path)
  await migrate(database, place.dir)
  await place.migration('0003-gap', 'CREATE TABLE gap (name TEXT)')
  await assert.rejects(migrate(database, place.dir), /without a gap/)
  await rm(join(place.dir, '0003-gap.sql'))
  await place.migration('0001-start', 'CREATE TABLE apps (name TEXT, more TEXT)')
  await assert.rejects(migrate(database, place.dir), /was changed/)
  database.close()
})
