import { UserError } from '#lib/errors.ts'
import { parsePublicKey } from '#lib/public-key.ts'
import { checkName, checkOptions, type Key } from './line.ts'
import type { Settings } from './settings.ts'

/** The status for what is no public key, as ssh-keygen's is. */
const notAKey = 255

/** One key, from the text of a `.pub` file; UserError `bad-public-key`, `bad-key-name`, `bad-key-options`. */
export function readKey(name: string, text: string, options: string): Key {
  const lines = text.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('#'))
  if (lines.length > 1 && !text.includes('-----'))
    throw new UserError('bad-public-key', `too many keys: there are ${lines.length}`, {
      hint: 'add them one at a time, each with a name of its own',
    })
  try {
    return { name: checkName(name), options: checkOptions(options), ...parsePublicKey(text) }
  } catch (error) {
    if (!(error instanceof UserError) || error.code !== 'bad-public-key') throw error
    throw new UserError('bad-public-key', error.message, { ...(error.hint === undefined ? {} : { hint: error.hint }), exitCode: notAKey })
  }
}

/** The keys with one more. The same key under the same name stays what it was, but for its options; UserError `key-name-taken`, `key-known`. */
export function withKey(keys: readonly Key[], key: Key, check: Pick<Settings, 'checkName' | 'checkFingerprint'>): Key[] {
  const others = keys.filter(({ name, fingerprint }) => name !== key.name || fingerprint !== key.fingerprint)
  if (check.checkName && others.some(({ name }) => name === key.name))
    throw new UserError('key-name-taken', `duplicate name: there is a key ${JSON.stringify(key.name)} already`, {
      hint: 'sshcommand acl-remove, or another name',
    })
  const twin = others.find(({ fingerprint }) => fingerprint === key.fingerprint)
  if (check.checkFingerprint && twin !== undefined)
    throw new UserError('key-known', `duplicate key: it is let in as ${JSON.stringify(twin.name)} already`)
  return [...others, key]
}

/** The lines of a list, for people. */
export function listText(keys: readonly Key[]): string[] {
  return keys.map(({ fingerprint, name, options }) => `${fingerprint} NAME="${name}" SSHCOMMAND_ALLOWED_KEYS="${options}"`)
}

/** The same for programs. */
export function listJson(keys: readonly Key[]): string {
  return JSON.stringify(
    keys.map(({ fingerprint, name, options, type, base64, comment }) => ({
      fingerprint,
      name,
      SSHCOMMAND_ALLOWED_KEYS: options,
      'public-key': `${type} ${base64} ${comment}`.trimEnd(),
    })),
  )
}
