import { z } from 'zod'
import type { Database, SqlFunctions } from '#lib/database.ts'
import { UserError } from '#lib/errors.ts'
import { type SealKey, seal, sealedMark, unseal } from '#lib/seal.ts'
import { addKey, type Keyring } from './keyring.ts'

/** Columns that hold sealed text; of settings and facts only those with a secret. */
const columns = [
  'config.value',
  'releases.config',
  'releases.options',
  'releases.args',
  'docker_options.option',
  'certificates.key',
  'properties.value',
  'global_properties.value',
  'facts.value',
  'drains.url',
]

/** Settings and facts whose value is a secret, or holds one. */
const secretName =
  /^(config global|registry logins|webhooks webhook|http-auth front|(letsencrypt account|git auth) .+|backup (passphrase|s3-secret-key))$/

const fact = 'seal key'
const value = z.object({ value: z.string() })

/** What seals and opens what the database holds; statements call it `seal(text)` and `unseal(text)`. */
export interface Sealing {
  readonly ring: Keyring
  /** The key that seals now. */
  current: SealKey | undefined
}

export function sealFunctions(sealing: Sealing): SqlFunctions {
  return {
    seal: (text) => {
      if (sealing.current === undefined) throw new Error('nothing is sealed before a key is chosen')
      return seal(text, sealing.current)
    },
    unseal: (text) => unseal(text, sealing.ring.keys),
  }
}

/** How a statement stores the value of a setting or a fact: sealed when it is a secret, or would be taken for sealed. */
export function slot(name: string, text: string): 'seal(?)' | '?' {
  return secretName.test(name) || text.startsWith(sealedMark) ? 'seal(?)' : '?'
}

/**
 * Chooses the key that seals: the one that was given, else the one that did, else a new one. UserError `no-seal-key` when
 * that which did is not there: without it nothing that was sealed can be read.
 */
export async function chooseKey(db: Database, sealing: Sealing): Promise<void> {
  const { ring } = sealing
  const before = sealedBy(db)
  if (before !== undefined && !ring.keys.has(before))
    throw new UserError('no-seal-key', `The secrets in ${db.path} were sealed by the key ${before}, which is not here`, {
      hint: `put ${before}.key back into ${ring.folder}, or give it as DOKKU_SECRETS_KEY_FILE; to replace it by another, also give it as DOKKU_SECRETS_KEY_OLD`,
    })
  const kept = before === undefined ? ring.keys.values().next().value : ring.keys.get(before)
  sealing.current = ring.given ?? kept ?? (await addKey(ring))
}

/** Seals all that is sealed by the current key, in one transaction, unless it was already. */
export function sealAgain(db: Database, { current }: Sealing): void {
  if (current === undefined || sealedBy(db) === current.id) return
  db.tx(() => {
    for (const name of columns) {
      const [table, column] = name.split('.')
      db.run(`UPDATE ${table} SET ${column} = seal(unseal(${column})) WHERE substr(${column}, 1, ${sealedMark.length}) = '${sealedMark}'`)
    }
    db.run('INSERT OR REPLACE INTO facts (name, value) VALUES (?, ?)', fact, current.id)
  })
}

/** The id of the key that sealed what is in a database; undefined for one that is empty, or older than sealing. */
function sealedBy(db: Database): string | undefined {
  const there = db.get(z.object({}), "SELECT 1 FROM sqlite_schema WHERE name = 'facts'") !== undefined
  return there ? db.get(value, 'SELECT value FROM facts WHERE name = ?', fact)?.value : undefined
}
