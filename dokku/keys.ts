import { join } from 'node:path'
import * as z from 'zod'
import { authorizedKeys } from '#execd'
import type { Database } from '#lib/database.ts'
import { UserError } from '#lib/errors.ts'
import { writeWhole } from '#lib/files.ts'
import { parsePublicKey } from '#lib/public-key.ts'
import type { Role } from './access.ts'
import { checkKeyName } from './names.ts'
import { grant, isUser, removeUser, roleOfNewUsers } from './users.ts'

const keyRow = z
  .object({
    name: z.string(),
    user: z.string(),
    public_key: z.string(),
    fingerprint: z.string(),
    created_at: z.string(),
  })
  .transform(({ public_key: publicKey, created_at: createdAt, ...rest }) => ({ ...rest, publicKey, createdAt }))

/** A key that may log in, as one of its user's. */
export type Key = z.infer<typeof keyRow>

export function listKeys(db: Database): Key[] {
  return db.all(keyRow, 'SELECT * FROM ssh_keys ORDER BY name')
}

export function findKey(db: Database, name: string): Key | undefined {
  return db.get(keyRow, 'SELECT * FROM ssh_keys WHERE name = ?', name)
}

/** Whose a new key is, and what they may: by themselves a user of the key's name, with the role of new users. */
export interface Owner {
  user?: string | undefined
  role?: Role | undefined
}

/**
 * Stores a key; the same name or the same key twice is refused. The first key of a user makes the user, who has a role
 * everywhere from then on: the first of all is an admin.
 */
export function addKey(db: Database, name: string, text: string, { user = name, role }: Owner = {}): Key {
  checkKeyName(name)
  checkKeyName(user)
  const { type, base64, fingerprint } = parsePublicKey(text)
  const keys = listKeys(db)
  const twin = keys.find((key) => key.name === name || key.fingerprint === fingerprint)
  if (twin !== undefined)
    throw twin.name === name
      ? new UserError('key-name-taken', `There is a key named ${name} already`, {
          hint: `ssh-keys:remove ${name}, or another name for a further key of the same user: ssh-keys:add NAME --user ${twin.user}`,
        })
      : new UserError('key-known', `This key is already registered as ${twin.name}`)
  const key = { name, user, publicKey: `${type} ${base64}`, fingerprint, createdAt: new Date().toISOString() }
  db.tx(() => {
    if (isUser(db, user)) refuseRole(user, role)
    else {
      db.run('INSERT INTO users (name, created_at) VALUES (?, ?)', user, key.createdAt)
      const first = role ?? (keys.length === 0 ? 'admin' : roleOfNewUsers(db))
      if (first !== 'none') grant(db, user, first, undefined)
    }
    db.run(
      'INSERT INTO ssh_keys (name, user, public_key, fingerprint, created_at) VALUES (?, ?, ?, ?, ?)',
      name,
      user,
      key.publicKey,
      fingerprint,
      key.createdAt,
    )
  })
  return key
}

function refuseRole(user: string, role: Role | undefined): void {
  if (role === undefined) return
  throw new UserError('user-known', `${user} is a user already, whose role a further key does not change`, {
    hint: `access:grant ${user} ${role}`,
  })
}

/** Removes a key, and with the last one its user with all that is theirs: true then. UserError `no-such-key`. */
export function removeKey(db: Database, name: string): { key: Key; userToo: boolean } {
  const key = findKey(db, name)
  if (key === undefined) throw new UserError('no-such-key', `There is no key named ${name}`, { hint: 'ssh-keys:list' })
  return db.tx(() => {
    db.run('DELETE FROM ssh_keys WHERE name = ?', name)
    const userToo = !listKeys(db).some(({ user }) => user === key.user)
    if (userToo) removeUser(db, key.user)
    return { key, userToo }
  })
}

/** Writes the file sshd reads; logins follow it at once, even while control is away. */
export async function publishKeys(db: Database, socketDir = '/run/dokku/gateway'): Promise<void> {
  await writeWhole(join(socketDir, 'authorized_keys'), authorizedKeys(listKeys(db)), 0o644)
}
