import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { UserError } from '#lib/errors.ts'
import { isThere, readIfThere, writeWhole } from '#lib/files.ts'
import { parsePublicKey } from '#lib/public-key.ts'

/** Who may push: in a folder, files by people's names, of keys and of hashes of tokens, one to a line. */
export function callers(dir: string) {
  const file = (kind: 'keys' | 'tokens', name: string) => join(dir, kind, checkName(name))
  const lines = async (path: string) => ((await readIfThere(path)) ?? '').split('\n').filter((line) => line !== '')
  const add = async (path: string, line: string) => await writeWhole(path, `${[...new Set([...(await lines(path)), line])].join('\n')}\n`)

  return {
    /** Lets somebody in by a public key; gives its fingerprint. */
    async allowKey(name: string, text: string): Promise<string> {
      const { type, base64, fingerprint } = parsePublicKey(text)
      await add(file('keys', name), `${type} ${base64}`)
      return fingerprint
    },

    /** Lets somebody in by a new token, which nobody can find out later. */
    async allowToken(name: string): Promise<string> {
      // The prefix lets those who look for leaked secrets tell what it is.
      const token = `builder_${randomBytes(32).toString('base64url')}`
      await add(file('tokens', name), hash(token))
      return token
    },

    /** Takes away all keys and tokens of somebody; UserError `no-such-caller`. */
    async forbid(name: string): Promise<void> {
      const paths = [file('keys', name), file('tokens', name)]
      const there = await Promise.all(paths.map(isThere))
      if (!there.includes(true)) throw new UserError('no-such-caller', `${name} has no key and no token here`)
      for (const path of paths) await rm(path, { force: true })
    },

    /** Whose key it is: `type base64`. */
    async byKey(key: string): Promise<{ name: string; fingerprint: string } | undefined> {
      const names = await readdir(join(dir, 'keys')).catch(() => [])
      for (const name of names.sort())
        if (isName(name) && (await lines(file('keys', name))).includes(key)) return { name, fingerprint: parsePublicKey(key).fingerprint }
      return undefined
    },

    /** Is it a token of theirs? */
    async hasToken(name: string, token: string): Promise<boolean> {
      if (!isName(name)) return false
      const given = Buffer.from(hash(token))
      return (await lines(file('tokens', name))).some((line) => line.length === given.length && timingSafeEqual(Buffer.from(line), given))
    },
  }
}

function checkName(name: string): string {
  if (isName(name)) return name
  throw new UserError('bad-caller-name', `${JSON.stringify(name.slice(0, 80))} is not a valid name of somebody`, {
    hint: 'letters, digits and @ . _ -, at most 64 of them',
  })
}

/** writeWhole's own files beside them end in `.new`. */
function isName(name: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9@._-]{0,63}$/.test(name) && !name.endsWith('.new')
}

function hash(token: string): string {
  return createHash('sha256').update(token).digest('hex')
}
