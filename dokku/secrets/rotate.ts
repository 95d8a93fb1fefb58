import { rm } from 'node:fs/promises'
import { UserError } from '#lib/errors.ts'
import { backUp, listCopies } from '../copies.ts'
import type { Instance } from '../instance.ts'
import { addKey, forgetOthers } from './keyring.ts'
import { sealAgain } from './sealing.ts'

type Of = Pick<Instance, 'db' | 'sealing'>

/** What seals the secrets of an instance, and what else is kept to read older copies of its database. */
export interface SecretsState {
  key: string
  /** Was the key handed in, or does it lie on the volume? */
  source: 'given' | 'volume'
  older: string[]
}

export function secretsState({ sealing: { current, ring } }: Of): SecretsState {
  return {
    key: current?.id ?? '',
    source: ring.given === undefined ? 'volume' : 'given',
    older: [...ring.keys.keys()].filter((id) => id !== current?.id),
  }
}

/**
 * Seals all secrets by a new key, in one transaction; a crash leaves all of them sealed by one key that is there. Older keys
 * stay for the copies of the database that they sealed. UserError `key-given` where the key was handed in.
 */
export async function rotateKey({ db, sealing }: Of): Promise<void> {
  if (sealing.ring.given !== undefined)
    throw new UserError('key-given', 'The key was handed in when control was started, so it is replaced there', {
      hint: 'start control with the new key, and with the one before as DOKKU_SECRETS_KEY_OLD',
    })
  const before = sealing.current
  sealing.current = await addKey(sealing.ring)
  try {
    sealAgain(db, sealing)
  } catch (error) {
    sealing.current = before
    throw error
  }
}

/** Makes a copy of the database, and removes those from before it with the keys that they need. */
export async function forgetOlderKeys({ db, sealing }: Of): Promise<void> {
  if (sealing.current === undefined) return
  const old = await listCopies(db.path)
  await backUp(db.path, Number.POSITIVE_INFINITY)
  for (const { path } of old) await rm(path, { force: true })
  await forgetOthers(sealing.ring, sealing.current)
}
