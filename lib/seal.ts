import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto'
import { UserError } from './errors.ts'

/** 32 bytes that seal, and what they are called in what they sealed. */
export interface SealKey {
  readonly id: string
  readonly bytes: Buffer
}

/** What sealed text begins with. */
export const sealedMark = 'sealed:'

const cipher = 'aes-256-gcm'
const lengths = { key: 32, nonce: 12, tag: 16 } as const

/** A key of these bytes, named by their digest; Error unless there are 32. */
export function sealKey(bytes: Buffer): SealKey {
  if (bytes.length !== lengths.key) throw new Error(`a key has ${lengths.key} bytes, not ${bytes.length}`)
  return { id: createHash('sha256').update('seal ').update(bytes).digest('hex').slice(0, 12), bytes }
}

export function newSealKey(): SealKey {
  return sealKey(randomBytes(lengths.key))
}

/** Text that only who has the key can read or make: `sealed:ID:` and base64 of nonce, tag and what AES-256-GCM made of it. */
export function seal(text: string, { id, bytes }: SealKey): string {
  const nonce = randomBytes(lengths.nonce)
  const made = createCipheriv(cipher, bytes, nonce)
  const body = Buffer.concat([made.update(text, 'utf8'), made.final()])
  return `${sealedMark}${id}:${Buffer.concat([nonce, made.getAuthTag(), body]).toString('base64')}`
}

/** What was sealed, by one of the keys; what was not is given back as it is. UserError `no-seal-key`, `seal-broken`. */
export function unseal(text: string, keys: ReadonlyMap<string, SealKey>): string {
  if (!text.startsWith(sealedMark)) return text
  const end = text.indexOf(':', sealedMark.length)
  const id = text.slice(sealedMark.length, end)
  const key = keys.get(id)
  if (key === undefined)
    throw new UserError('no-seal-key', `the key ${id} that sealed a secret is not here`, { hint: 'put it back among the keys' })
  const packed = Buffer.from(text.slice(end + 1), 'base64')
  const tagEnd = lengths.nonce + lengths.tag
  try {
    const opened = createDecipheriv(cipher, key.bytes, packed.subarray(0, lengths.nonce), { authTagLength: lengths.tag })
    opened.setAuthTag(packed.subarray(lengths.nonce, tagEnd))
    return opened.update(packed.subarray(tagEnd), undefined, 'utf8') + opened.final('utf8')
  } catch (cause) {
    throw new UserError('seal-broken', `a secret that the key ${id} sealed was changed since`, {
      cause,
      hint: 'set it again, or put back a copy of what holds it',
    })
  }
}
