import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import * as z from 'zod'

/** Whom the auth handler let in, and what it said of them. */
const granted = z.object({ user: z.string(), fingerprint: z.string(), env: z.record(z.string(), z.string()) })
export type Granted = z.infer<typeof granted>

/**
 * What a login leaves with its sessions: words that say whom the auth handler let in, and that nobody else can make. They
 * travel with the connection, so that nothing is kept of those that are gone.
 */
export function grants() {
  const key = randomBytes(32)
  const sign = (text: string) => createHmac('sha256', key).update(text).digest('base64url')
  return {
    make(who: Granted): string {
      const text = Buffer.from(JSON.stringify(who)).toString('base64url')
      return `${text}.${sign(text)}`
    },

    /** Whom a grant is about; undefined when it is none of ours. */
    read(grant: string): Granted | undefined {
      const [text = '', signature = ''] = grant.split('.')
      const [given, right] = [signature, sign(text)].map((one) => Buffer.from(one))
      if (given === undefined || right === undefined || given.length !== right.length || !timingSafeEqual(given, right)) return undefined
      return granted.parse(JSON.parse(Buffer.from(text, 'base64url').toString('utf8')))
    },
  }
}
