import * as z from 'zod'
import { messageOf, UserError } from '#lib/errors.ts'
import { readIfThere } from '#lib/files.ts'
import type { Registries } from '../driver.ts'

const config = z.object({ auths: z.record(z.string(), z.object({ auth: z.string().optional() })).default({}) })

/** The logins in a file that `docker login` writes; a file that is not there has none. UserError `bad-logins`. */
export async function readLogins(file: string): Promise<Registries> {
  const text = await readIfThere(file)
  const logins = new Map<string, { username: string; password: string }>()
  try {
    for (const [address, { auth = '' }] of Object.entries(config.parse(JSON.parse(text ?? '{}')).auths)) {
      const [, username, password] = /^([^:]+):(.*)$/s.exec(Buffer.from(auth, 'base64').toString('utf8')) ?? []
      // Docker writes the Hub's as an address of its first API.
      const host = address
        .replace(/^https?:\/\//, '')
        .replace(/\/.*$/, '')
        .replace(/^index\.docker\.io$/, 'docker.io')
      if (username !== undefined && password !== undefined) logins.set(host, { username, password })
    }
  } catch (cause) {
    throw new UserError('bad-logins', `${file} is no file of logins: ${messageOf(cause)}`, { hint: 'docker login writes one', cause })
  }
  return (host) => logins.get(host)
}
