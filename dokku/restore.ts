import { rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import { copyDatabase, damageOf } from '#lib/backup.ts'
import { hasCode, messageOf, UserError } from '#lib/errors.ts'
import { sync } from '#lib/files.ts'
import { type Copy, listCopies } from './copies.ts'
import { damageOfState, minute } from './state.ts'

/**
 * Puts a copy of the database back, by its name, else the newest that is whole; what was there is kept aside. Only while
 * control is stopped. Throws UserError `no-such-copy`, `database-whole` or `database-damaged`.
 */
export async function restoreDatabase(path: string, wanted: string | undefined, say: (line: string) => void): Promise<void> {
  const copies = await listCopies(path)
  if (copies.length === 0) throw new UserError('no-such-copy', `There is no copy of the database beside ${path}`)
  say('-----> Copies of the database')
  const looked = copies.map((copy) => ({ copy, damage: lookAt(copy) }))
  for (const { copy, damage } of looked)
    say(`       ${copy.name}  ${minute(copy.takenAt)}  ${Math.ceil(copy.bytes / 1024)} kB  ${damage ?? 'whole'}`)
  const chosen = looked.find(({ copy, damage }) => (wanted === undefined ? damage === undefined : copy.name === wanted))?.copy
  if (chosen === undefined)
    throw new UserError('no-such-copy', wanted === undefined ? 'No copy is whole' : `There is no copy called ${wanted}`)
  const damage = await damageOfState(path)
  if (damage === undefined && wanted === undefined)
    throw new UserError('database-whole', 'The database is not damaged, so nothing was changed', {
      hint: 'to go back to a copy nevertheless, name it: restore-database NAME',
    })
  const restored = `${path}.restored`
  await copyDatabase(chosen.path, restored)
  const aside = `${path}.aside-${new Date().toISOString().replaceAll(/[:.]/g, '-')}`
  // The log of the old database would be taken for the new one's.
  for (const part of ['', '-wal', '-shm']) await renameIfThere(path + part, aside + part)
  await rename(restored, path)
  await sync(dirname(path))
  say(`=====> ${chosen.name} of ${minute(chosen.takenAt)} is the database now`)
  say(`       What was there is kept as ${aside}; remove it when nothing is missed.`)
  say('       Start control again. What was changed since the copy is lost: apps made since are not known and are removed.')
}

function lookAt({ path }: Copy): string | undefined {
  try {
    return damageOf(path)
  } catch (error) {
    return messageOf(error)
  }
}

async function renameIfThere(from: string, to: string): Promise<void> {
  try {
    await rename(from, to)
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error
  }
}
