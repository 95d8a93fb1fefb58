import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { z } from 'zod'
import { copyDatabase, damageOf } from './backup.ts'
import { open } from './database.ts'

/** A database of some fifty pages, open, in a directory of its own. */
async function fresh(t: TestContext) {
  const dir = await mkdtemp(join(tmpdir(), 'backup-'))
  const database = open(join(dir, 'state.sqlite'))
  t.after(async () => {
    database.close()
    await rm(dir, { recursive: true })
  })
  database.script('CREATE TABLE apps (name TEXT); CREATE INDEX by_name ON apps (name)')
  database.tx(() => {
    for (let n = 0; n < 2000; n++) database.run('INSERT INTO apps VALUES (?)', `app-${String(n).padStart(60, '0')}`)
  })
  return { dir, database, to: join(dir, 'copy') }
}

const count = z.object({ n: z.number() })

test('a copy of a database in use is whole, one file, and readable by its owner only', async (t) => {
  const { dir, database, to } = await fresh(t)
  await writeFile(`${to}.new`, randomBytes(9000))
  const copying = copyDatabase(database.path, to)
  for (let n = 0; n < 100; n++) database.run("INSERT INTO apps VALUES ('meanwhile')")
  await copying
  assert.deepEqual(
    (await readdir(dir)).filter((name) => !name.startsWith('state')),
    ['copy'],
  )
  assert.equal((await stat(to)).mode & 0o777, 0o600)
  assert.equal(damageOf(to), undefined)
  const copied = open(to)
  assert.ok((copied.get(count, 'SELECT count(*) AS n FROM apps')?.n ?? 0) >= 2000)
  copied.close()
})

test('a copy of a damaged database is refused, and the copy from before stays', async (t) => {
  const { dir, database, to } = await fresh(t)
  const from = join(dir, 'source')
  for (const path of [to, from]) await copyDatabase(database.path, path)
  const before = await readFile(to)
  await truncate(from, before.length >> 1)
  await assert.rejects(copyDatabase(from, to), { code: 'database-damaged' })
  assert.deepEqual(await readFile(to), before)
  assert.ok(!(await readdir(dir)).includes('copy.new'))
})

for (const [what, spoil] of [
  ['cut off in the middle', async (path: string) => truncate(path, (await stat(path)).size >> 1)],
  ['cut off at its beginning', async (path: string) => truncate(path, 4096)],
  ['of another kind', async (path: string) => writeFile(path, randomBytes(20_000))],
  ['empty', async (path: string) => truncate(path, 0)],
  [
    'overwritten in the middle',
    async (path: string) => {
      const bytes = await readFile(path)
      bytes.fill(0x55, 3 * 4096, 6 * 4096)
      await writeFile(path, bytes)
    },
  ],
] as const)
  test(`a database that is ${what} is known as damaged`, async (t) => {
    const { database, to } = await fresh(t)
    await copyDatabase(database.path, to)
    await spoil(to)
    assert.match(damageOf(to) ?? '', /./)
  })
