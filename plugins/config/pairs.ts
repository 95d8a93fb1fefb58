import { UserError } from 'dokku'

/** The kernel's limit for one string of a process's environment, its final zero byte included. */
const longestString = 128 * 1024

/** May this be the name of an environment variable? */
export function isKey(text: string): boolean {
  return /^[A-Za-z_]\w*$/.test(text)
}

/** Splits `KEY=VALUE`; everything after the first `=` is the value, byte for byte. */
export function parsePair(word: string): [key: string, value: string] {
  const [, key, value] = /^([A-Za-z_]\w*)=(.*)$/s.exec(word) ?? []
  if (key === undefined || value === undefined)
    throw new UserError('bad-pair', `${JSON.stringify(word.slice(0, 40))} is not KEY=VALUE`, { hint: 'config:set APP KEY=VALUE' })
  return [key, value]
}

/** The text of a base64 value. */
export function decode(key: string, value: string): string {
  if (!/^[A-Za-z0-9+/\s]*={0,2}\s*$/.test(value)) throw new UserError('bad-base64', `the value of ${key} is not base64`)
  return Buffer.from(value, 'base64').toString('utf8')
}

/** Refuses what no process could get as an environment variable. */
export function assertFits(key: string, value: string): void {
  if (value.includes('\0')) throw new UserError('config-nul', `the value of ${key} holds a NUL byte, which no environment variable can`)
  if (!value.isWellFormed()) throw new UserError('config-not-text', `the value of ${key} holds half of a character`)
  const length = Buffer.byteLength(`${key}=${value}`) + 1
  if (length > longestString)
    throw new UserError(
      'config-too-long',
      `${key} is ${length - 1} bytes long, too long for one environment string (${longestString - 1} at most)`,
      {
        hint: 'put large data into a file or a store, and its address into the config',
      },
    )
}
