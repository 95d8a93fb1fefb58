import { createHash, randomBytes } from 'node:crypto'
import * as z from 'zod'
import type { Database } from '#lib/database.ts'
import { UserError } from '#lib/errors.ts'
import { type Role, roles } from './access.ts'
import { checkKeyName } from './names.ts'

const tokenRow = z
  .object({
    id: z.number(),
    name: z.string(),
    user: z.string().nullable(),
    role: z.enum(roles).nullable(),
    app_id: z.number().nullable(),
    app: z.string().nullable(),
    expires_at: z.string().nullable(),
    created_at: z.string(),
  })
  .transform(({ app_id: appId, expires_at: expiresAt, created_at: createdAt, ...rest }) => ({ ...rest, appId, expiresAt, createdAt }))

/** A password for the HTTP door, without what it says: only a hash of that is kept. */
export type Token = z.infer<typeof tokenRow>

const select = 'SELECT t.*, a.name AS app FROM tokens t LEFT JOIN apps a ON a.id = t.app_id'

/** All tokens, or those of one user. */
export function listTokens(db: Database, user?: string): Token[] {
  return db.all(tokenRow, `${select} WHERE ?1 IS NULL OR t.user = ?1 ORDER BY t.name`, user ?? null)
}

export interface NewToken {
  /** Null: whoever is on the host. */
  user: string | null
  role?: Role | undefined
  app?: { readonly id: number } | undefined
  expiresAt?: Date | undefined
}

/** Makes a token and gives what it says, which nobody can find out later. */
export function createToken(db: Database, name: string, { user, role, app, expiresAt }: NewToken): string {
  checkKeyName(name)
  if (listTokens(db).some((token) => token.name === name))
    throw new UserError('token-name-taken', `There is a token named ${name} already`, {
      hint: `tokens:revoke ${name}, or choose another name`,
    })
  // The prefix lets those who look for leaked secrets tell what it is.
  const secret = `dokku_${randomBytes(32).toString('base64url')}`
  db.run(
    'INSERT INTO tokens (name, user, hash, role, app_id, expires_at, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)',
    name,
    user,
    hash(secret),
    role ?? null,
    app?.id ?? null,
    expiresAt?.toISOString() ?? null,
    new Date().toISOString(),
  )
  return secret
}

/** The token that says this, unless it has expired. Looked up by its hash, so that the time it takes tells nothing. */
export function findToken(db: Database, secret: string, now = new Date()): Token | undefined {
  const token = db.get(tokenRow, `${select} WHERE t.hash = ?`, hash(secret))
  return token === undefined || hasExpired(token, now) ? undefined : token
}

export function hasExpired({ expiresAt }: Pick<Token, 'expiresAt'>, now = new Date()): boolean {
  return expiresAt !== null && expiresAt <= now.toISOString()
}

/** Takes a token away; UserError `no-such-token`. */
export function removeToken(db: Database, name: string, user?: string): Token {
  const token = listTokens(db, user).find((one) => one.name === name)
  if (token === undefined)
    throw new UserError('no-such-token', `There is no token named ${JSON.stringify(name.slice(0, 64))}`, { hint: 'tokens:list' })
  db.run('DELETE FROM tokens WHERE id = ?', token.id)
  return token
}

function hash(secret: string): string {
  return createHash('sha256').update(secret).digest('hex')
}

const hours = { h: 1, d: 24, w: 7 * 24, y: 365 * 24 } as const

/** When something ends that holds for so long from now: `12h`, `90d`, `4w`, `1y`; UserError `bad-expiry`. */
export function parseExpiry(text: string): Date {
  const [, count, unit] = /^([1-9]\d{0,4})([hdwy])$/.exec(text) ?? []
  const date = new Date(Date.now() + Number(count) * hours[(unit ?? 'h') as keyof typeof hours] * 3_600_000)
  if (count !== undefined && date.getUTCFullYear() < 9999) return date
  throw new UserError('bad-expiry', `${JSON.stringify(text.slice(0, 20))} is not how long a token holds`, {
    hint: 'hours, days, weeks or years: 12h, 90d, 4w, 1y',
  })
}
