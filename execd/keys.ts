import { parsePublicKey } from '#lib/public-key.ts'

/** A key that may log in, under the name of its person. */
export interface AuthorizedKey {
  name: string
  /** `type base64`, with or without a comment. */
  publicKey: string
  fingerprint: string
}

/** The file that sshd reads: one line per key. The name of the person goes with the key, in the environment. */
export function authorizedKeys(keys: readonly AuthorizedKey[]): string {
  return keys.map(authorizedKey).join('')
}

function authorizedKey({ name, publicKey, fingerprint }: AuthorizedKey): string {
  // Names are checked where they come in; here only what would change the meaning of the line.
  if (!/^[^\s"\\\p{C}]+$/u.test(name)) throw new Error(`${JSON.stringify(name)} cannot be the name of a key`)
  const { type, base64, fingerprint: actual } = parsePublicKey(publicKey)
  if (actual !== fingerprint) throw new Error(`the key of ${name} has fingerprint ${actual}, not ${fingerprint}`)
  return `restrict,pty,environment="DOKKU_USER=${name}",environment="DOKKU_FINGERPRINT=${fingerprint}" ${type} ${base64} ${name}\n`
}
