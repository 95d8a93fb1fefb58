import { access, constants, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { damageOf } from '#lib/backup.ts'
import { type Database, migrate, open } from '#lib/database.ts'
import { hasCode, UserError } from '#lib/errors.ts'
import { listCopies } from './copies.ts'
import { readKeyring } from './secrets/keyring.ts'
import { chooseKey, type Sealing, sealAgain, sealFunctions } from './secrets/sealing.ts'

/** Where the database of an instance is. */
export function databasePath(dataDir: string): string {
  return join(dataDir, 'dokku.sqlite')
}

/** The database of an instance, and what seals secrets in it. */
export interface State {
  db: Database
  sealing: Sealing
}

/**
 * The database, checked and up to date, its secrets sealed by the key of now. UserError `database-damaged` when it is not whole, or when it is gone while
 * copies tell that there was one, `no-seal-key` when what sealed is gone: `restore`, a command line, puts one back.
 */
export async function openState(dataDir: string, restore: string, env: NodeJS.ProcessEnv): Promise<State> {
  const path = databasePath(dataDir)
  const damage = await damageOfState(path)
  if (damage !== undefined) {
    const [last] = await listCopies(path)
    throw new UserError('database-damaged', `The database ${path} is damaged (${damage}), so control does not start; apps go on serving`, {
      hint:
        last === undefined
          ? 'there is no copy of it on the volume; put one of your own in its place'
          : `the last copy is of ${minute(last.takenAt)}; this lists the copies and puts back the newest that is whole: ${restore}`,
    })
  }
  const sealing: Sealing = { ring: await readKeyring(dataDir, env), current: undefined }
  const db = open(path, sealFunctions(sealing))
  try {
    await chooseKey(db, sealing)
    await migrate(db, join(import.meta.dirname, 'migrations'))
    sealAgain(db, sealing)
    return { db, sealing }
  } catch (error) {
    db.close()
    throw error
  }
}

/** What is wrong with the database; undefined when it is whole, or when there never was one. One that cannot be written throws. */
export async function damageOfState(path: string): Promise<string | undefined> {
  const there = await isThere(path)
  if (there && (await stat(path)).size > 0) return damageOf(path)
  if ((await listCopies(path)).length === 0) return undefined
  return there ? 'the file is empty' : 'the file is gone'
}

async function isThere(path: string): Promise<boolean> {
  try {
    // SQLite would read a database on a read-only disk, and fail at the first write.
    await access(path, constants.W_OK)
    return true
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return false
    throw error
  }
}

/** A time as people read it. */
export function minute(time: Date): string {
  return `${time.toISOString().slice(0, 16).replace('T', ' ')} UTC`
}
