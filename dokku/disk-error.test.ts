import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { z } from 'zod'
import { migrate, open } from '#lib/database.ts'
import { UserError } from '#lib/errors.ts'
import { mendable } from './disk-error.ts'

const codeOf = (error: unknown) => {
  const said = mendable(error)
  return said instanceof UserError ? said.code : undefined
}

test('what a full or read-only disk makes fail is said as such, whoever noticed', () => {
  const failedCall = (code: string) => Object.assign(new Error(`${code}: write`), { code })
  assert.equal(codeOf(failedCall('ENOSPC')), 'disk-full')
  assert.equal(codeOf(failedCall('EROFS')), 'disk-read-only')
  assert.equal(codeOf(failedCall('EIO')), 'disk-failed')
  assert.equal(codeOf(new Error('tar -x failed (2): tar: a: Cannot write: No space left on device')), 'disk-full')
  assert.equal(codeOf(new Error('git init failed (1): Read-only file system')), 'disk-read-only')
  const other = new Error('something else')
  assert.equal(mendable(other), other)
  const known = new UserError('build-failed', 'no space left on device')
  assert.equal(mendable(known), known)
})

test('a write and a migration on a full disk change nothing, and succeed once there is room', async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'full-'))
  const database = open(join(dir, 'state.sqlite'))
  t.after(async () => {
    database.close()
    await rm(dir, { recursive: true })
  })
  await writeFile(join(dir, '0001-start.sql'), 'CREATE TABLE apps (name TEXT)')
  await migrate(database, dir)
  const rows = () => database.get(z.object({ n: z.number() }), 'SELECT count(*) AS n FROM apps')?.n
  // SQLite itself says that the disk is full once the file may not grow.
  database.script('PRAGMA max_page_count = 6')
  const fill = () =>
    database.tx(() => {
      for (let n = 0; n < 50; n++) database.run('INSERT INTO apps VALUES (?)', 'x'.repeat(1000))
    })
  assert.throws(fill, (error) => codeOf(error) === 'disk-full')
  assert.equal(rows(), 0)
  await writeFile(
    join(dir, '0002-more.sql'),
    "CREATE TABLE more (name TEXT); INSERT INTO more VALUES (replace(hex(zeroblob(9000)), '00', 'ab'))",
  )
  await assert.rejects(migrate(database, dir), (error) => codeOf(error) === 'disk-full')
  assert.throws(() => database.run('SELECT * FROM more'), /no such table/)
  database.script('PRAGMA max_page_count = 1000')
  fill()
  await migrate(database, dir)
  assert.equal(rows(), 50)
})
