import { copyDatabase } from '#lib/backup.ts'
import { open } from '#lib/database.ts'
import { newSealKey, type SealKey } from '#lib/seal.ts'
import type { App } from '../app.ts'
import type { Instance } from '../instance.ts'
import { type Sealing, sealAgain, sealFunctions } from '../secrets/sealing.ts'

/** The part with the database. */
export const databasePart = 'database'

/** Whatever belongs to no app, or to another one. */
const others = [
  // Else nothing of it may be removed.
  "INSERT OR REPLACE INTO facts SELECT 'audit dropped', coalesce(max(id), 0) FROM audit",
  'DELETE FROM audit',
  'DELETE FROM tokens',
  'DELETE FROM grants',
  'DELETE FROM ssh_keys',
  'DELETE FROM users',
  'DELETE FROM drains WHERE app_id IS NULL',
  'DELETE FROM certificates WHERE app_id IS NULL',
  'DELETE FROM global_properties',
  'DELETE FROM addresses',
  'DELETE FROM build_cache',
  "DELETE FROM facts WHERE name <> 'seal key'",
]

/** Copies the database with all that is in it; answers the keys that seal it. */
export async function copyWhole({ db, sealing }: Instance, to: string): Promise<SealKey[]> {
  await copyDatabase(db.path, to)
  return [...sealing.ring.keys.values()]
}

/** Copies the database with nothing in it but one app, sealed by a new key of its own: who gets it reads no other secret. */
export async function copyOfApp({ db, sealing }: Instance, app: App, to: string): Promise<SealKey> {
  await copyDatabase(db.path, to)
  const key = newSealKey()
  const own: Sealing = { ring: { keys: new Map([...sealing.ring.keys, [key.id, key]]), given: key, folder: '' }, current: key }
  const copy = open(to, sealFunctions(own))
  try {
    sealAgain(copy, own)
    copy.run('DELETE FROM apps WHERE id <> ?', app.id)
    copy.run('DELETE FROM events WHERE app IS NULL OR app <> ?', app.name)
    for (const statement of others) copy.run(statement)
    // Nothing of the others may be left in free pages, and one file is all there is.
    copy.script('PRAGMA journal_mode = DELETE; VACUUM')
  } finally {
    copy.close()
  }
  return key
}
