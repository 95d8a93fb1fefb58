import { join } from 'node:path'
import * as z from 'zod'
import { authorizedKeys, parsePublicKey } from '#execd'
import type { Database } from '#lib/database.ts'
import { UserError } from '#lib/errors.ts'
import { writeWhole } from '#lib/files.ts'
import { checkKeyName } from './names.ts'

const keyRow = z
  .object({
    name: z.string(),
    public_key: z.string(),
    fingerprint: z.string(),
    role: z.enum(['admin', 'deployer']),
    created_at: z.string(),
  })
  .transform(({ public_key: publicKey, created_at: createdAt, ...rest }) => ({ ...rest, publicKey, createdAt }))

/** A key that may log in, under its owner's name. */
export type Key = z.infer<typeof keyRow>

export function listKeys(db: Database): Key[] {
  return db.all(keyRow, 'SELECT * FROM ssh_keys ORDER BY name')
}

export function findKey(db: Database, name: string): Key | undefined {
  return db.get(keyRow, 'SELECT * FROM ssh_keys WHERE name = ?', name)
}

/** Stores a key; the same name or the same key twice is refused. */
export function addKey(db: Database, name: string, text: string, role: Key['role']): Key {
  checkKeyName(name)
  const { type, base64, fingerprint } = parsePublicKey(text)
  const twin = listKeys(db).find((key) => key.name === name || key.fingerprint === fingerprint)
  if (twin !== undefined)
    throw twin.name === name
      ? new UserError('key-name-taken', `There is a key named ${name} already`, { hint: `ssh-keys:remove ${name}, or choose another name` })
      : new UserError('key-known', `This key is already registered as ${twin.name}`)
  const createdAt = new Date().toISOString()
  const publicKey = `${type} ${base64}`
  db.run(
    'INSERT INTO ssh_keys (name, public_key, fingerprint, role, created_at) VALUES (?, ?, ?, ?, ?)',
    name,
    publicKey,
    fingerprint,
    role,
    createdAt,
  )
  return { name, publicKey, fingerprint, role, createdAt }
}

export function removeKey(db: Database, name: string): void {
  if (db.run('DELETE FROM ssh_keys WHERE name = ?', name).changes === 0)
    throw new UserError('no-such-key', `There is no key named ${name}`, { hint: 'ssh-keys:list' })
}

/** Writes the file sshd reads; logins follow it at once, even while control is away. */
export async function publishKeys(db: Database, socketDir = '/run/dokku/gateway'): Promise<void> {
  await writeWhole(join(socketDir, 'authorized_keys'), authorizedKeys(listKeys(db)), 0o644)
}
