import { statSync } from 'node:fs'
import { rename, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { backup, DatabaseSync } from 'node:sqlite'
import { UserError } from './errors.ts'
import { sync } from './files.ts'

/** The primary result code of an error of SQLite's; undefined for any other error. */
export function sqliteCode(error: unknown): number | undefined {
  return error instanceof Error && 'errcode' in error && typeof error.errcode === 'number' ? error.errcode & 0xff : undefined
}

/** What is wrong with a database file, in a few words; undefined when it is whole. One that cannot be read throws. */
export function damageOf(path: string): string | undefined {
  if (statSync(path).size === 0) return 'the file is empty'
  const connection = new DatabaseSync(path, { timeout: 5000 })
  try {
    const found = connection.prepare('PRAGMA quick_check(1)').get()?.quick_check
    return found === 'ok' ? undefined : String(found)
  } catch (error) {
    if (isDamage(error)) return error.message
    throw error
  } finally {
    connection.close()
  }
}

/**
 * Copies a database, which may be in use: afterwards a whole, checked copy is on the disk, or none. Throws UserError
 * `database-damaged` when the copy, and so the database, is not whole.
 */
export async function copyDatabase(from: string, to: string): Promise<void> {
  const unfinished = `${to}.new`
  try {
    await rm(unfinished, { force: true })
    await writeFile(unfinished, '', { mode: 0o600 })
    await copyPages(from, unfinished)
    const damage = damageOf(unfinished)
    if (damage !== undefined) throw damagedAt(from, damage)
    await sync(unfinished)
    await rename(unfinished, to)
    await sync(dirname(to))
  } catch (error) {
    await rm(unfinished, { force: true })
    throw isDamage(error) ? damagedAt(from, error.message) : error
  }
}

/** All pages in one step, off the main thread: a step that finds the database changed since the last begins again. */
async function copyPages(from: string, to: string): Promise<void> {
  const source = new DatabaseSync(from, { readOnly: true, timeout: 5000 })
  try {
    await backup(source, to, { rate: 2 ** 31 - 1 })
  } finally {
    source.close()
  }
  const copy = new DatabaseSync(to)
  try {
    // One file without a log beside it: the copy is read where nothing may be written, and moved by rename.
    copy.exec('PRAGMA journal_mode = DELETE')
  } finally {
    copy.close()
  }
}

/** SQLITE_CORRUPT or SQLITE_NOTADB: https://www.sqlite.org/rescode.html */
function isDamage(error: unknown): error is Error {
  const code = sqliteCode(error)
  return code === 11 || code === 26
}

function damagedAt(path: string, damage: string): UserError {
  return new UserError('database-damaged', `The database ${path} is damaged: ${damage}`)
}
