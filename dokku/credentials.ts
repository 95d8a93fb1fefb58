import type { Database } from '#lib/database.ts'
import { UserError } from '#lib/errors.ts'
import { type Identity, lower, type Role } from './access.ts'
import { findKey, type Key, removeKey } from './keys.ts'
import { findToken, listTokens, removeToken, type Token } from './tokens.ts'
import { roleOf } from './users.ts'

/** Whoever is on the host. */
export const local: Identity = { name: 'admin', role: () => 'admin', credential: 'host' }

/** What control does by itself, with one role everywhere. */
export function own(name: string, role: Role): Identity {
  return { name, role: () => role, credential: 'dokku' }
}

/** Whoever came in by a key; UserError `unknown-key`. */
export function byKey(db: Database, name: string | undefined): Identity {
  const key = name === undefined ? undefined : findKey(db, name)
  if (key === undefined) throw new UserError('unknown-key', 'This key is no longer registered')
  return {
    name: key.user,
    role: (app) => roleOf(db, key.user, app),
    credential: keyCredential(key),
    fingerprint: key.fingerprint,
  }
}

/** Whoever has a token: its user, within what the token is for. Undefined when there is no such token. */
export function byToken(db: Database, secret: string): Identity | undefined {
  const token = findToken(db, secret)
  if (token === undefined) return undefined
  const { user, role, appId } = token
  return {
    name: user ?? local.name,
    role: (app) => {
      if (appId !== null && app !== appId) return undefined
      const most = user === null ? local.role() : roleOf(db, user, app)
      return lower(most, role ?? most)
    },
    credential: tokenCredential(token),
  }
}

/**
 * Whose a token is that somebody makes: their own, or null for whoever is on the host. UserError `not-allowed` for what has no
 * keys, and for what came in by a token itself: it could make one that may more.
 */
export function ownerOf({ credential, name }: Identity): string | null {
  if (credential === local.credential) return null
  if (credential.startsWith('key ')) return name
  throw new UserError('not-allowed', `${credential} may not make tokens`, { hint: 'whoever has a key may, over ssh' })
}

/** What a key is called in the audit trail. */
export function keyCredential({ fingerprint }: Pick<Key, 'fingerprint'>): string {
  return `key ${fingerprint}`
}

/** What a token is called in the audit trail. */
export function tokenCredential({ name }: Pick<Token, 'name'>): string {
  return `token ${name}`
}

/** Those who are in now, by what they came in by. */
const inside = new Map<string, Set<AbortController>>()

/** Does something for somebody who is told when what they came in by is taken away. */
export async function whileIn<T>(identity: Identity, work: (identity: Identity) => Promise<T>): Promise<T> {
  const { credential } = identity
  const controller = new AbortController()
  const all = inside.get(credential) ?? new Set()
  inside.set(credential, all.add(controller))
  try {
    return await work({ ...identity, revoked: controller.signal })
  } finally {
    all.delete(controller)
    if (all.size === 0) inside.delete(credential)
  }
}

/** Removes a key, and with the last one its user with all that is theirs; what is being done by them ends. UserError `no-such-key`. */
export function shutOut(db: Database, name: string): ReturnType<typeof removeKey> {
  const tokens = listTokens(db, findKey(db, name)?.user)
  const removed = removeKey(db, name)
  takeAway(keyCredential(removed.key))
  if (removed.userToo) for (const token of tokens) takeAway(tokenCredential(token))
  return removed
}

/** Takes a token away, of this user or of anybody; what is being done with it ends. UserError `no-such-token`. */
export function revokeToken(db: Database, name: string, user?: string): void {
  takeAway(tokenCredential(removeToken(db, name, user)))
}

/** Ends what is being done with a credential that was taken away. What changes an app already is finished. */
function takeAway(credential: string): void {
  const reason = new UserError('credential-revoked', `The ${credential.split(' ')[0]} by which this came in was taken away`)
  for (const controller of inside.get(credential) ?? []) controller.abort(reason)
}
