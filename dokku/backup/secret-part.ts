import * as z from 'zod'
import { UserError } from '#lib/errors.ts'
import { type SealKey, sealKey } from '#lib/seal.ts'
import { type Keys, type Lock, lockText, unlockText } from './envelope.ts'
import type { KeyKind } from './manifest.ts'

/** What opens the secrets of a backup, and the host keys of its SSH door. */
export const secretPart = 'secrets'

const secretsSchema = z.strictObject({
  /** Those that sealed what is in the database, base64. */
  keys: z.array(z.base64()),
  /** A tar of the folder with the host keys, base64; empty in a backup of one app. */
  hostKeys: z.base64(),
  /** The key by which the instance gets into repositories of others, and whom it trusts; the same. */
  deployKey: z.base64(),
})

const partSchema = z.strictObject({ kind: z.enum(['wrapped', 'plain']), content: z.string() })

export interface Secrets {
  keys: readonly SealKey[]
  /** Tars; empty where there is none. */
  hostKeys: Buffer
  deployKey: Buffer
}

const none = Buffer.alloc(0)

/** As it is in a backup: locked, or for everybody to read. */
export async function packSecrets(
  { keys, hostKeys = none, deployKey = none }: Pick<Secrets, 'keys'> & Partial<Secrets>,
  kind: Exclude<KeyKind, 'none'>,
  lock: Lock | undefined,
): Promise<Buffer> {
  const text = JSON.stringify({
    keys: keys.map(({ bytes }) => bytes.toString('base64')),
    hostKeys: hostKeys.toString('base64'),
    deployKey: deployKey.toString('base64'),
  })
  if (kind === 'wrapped' && lock === undefined) throw new Error('a key is wrapped for somebody')
  const content = lock === undefined || kind === 'plain' ? text : await lockText(text, lock)
  return Buffer.from(JSON.stringify({ kind, content }))
}

/** UserError `backup-locked` when no key opens it, `broken-archive` for what is none. */
export async function openSecrets(part: Buffer, keys: Keys): Promise<Secrets> {
  try {
    const { kind, content } = partSchema.parse(JSON.parse(part.toString()))
    const found = secretsSchema.parse(JSON.parse(kind === 'plain' ? content : await unlockText(content, keys)))
    return {
      keys: found.keys.map((key) => sealKey(Buffer.from(key, 'base64'))),
      hostKeys: Buffer.from(found.hostKeys, 'base64'),
      deployKey: Buffer.from(found.deployKey, 'base64'),
    }
  } catch (cause) {
    if (cause instanceof UserError) throw cause
    throw new UserError('broken-archive', 'the backup cannot be used: its keys are none', { cause })
  }
}
