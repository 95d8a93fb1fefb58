import * as z from 'zod'
import type { Database } from '#lib/database.ts'
import { UserError } from '#lib/errors.ts'
import { didYouMean } from '#lib/nearest.ts'
import { higher, type Role, roles } from './access.ts'

const role = z.enum(roles)
const roleRow = z.object({ role })
const nameRow = z.object({ name: z.string() })
const grantRow = z.object({ user: z.string(), app: z.string().nullable(), role })

/** A role that somebody has at an app, or everywhere. */
export type Grant = z.infer<typeof grantRow>

type AppOf = { readonly id: number } | undefined

/** The role of a user at the app of this number, else the one they have everywhere. */
export function roleOf(db: Database, user: string, app?: number): Role | undefined {
  return db
    .all(roleRow, 'SELECT role FROM grants WHERE user = ? AND (app_id IS NULL OR app_id = ?)', user, app ?? null)
    .reduce<Role | undefined>((most, one) => higher(most, one.role), undefined)
}

export function isUser(db: Database, name: string): boolean {
  return db.get(nameRow, 'SELECT name FROM users WHERE name = ?', name) !== undefined
}

/** All users by name. */
export function listUsers(db: Database): string[] {
  return db.all(nameRow, 'SELECT name FROM users ORDER BY name').map(({ name }) => name)
}

/** The user of this name; UserError `no-such-user`. */
export function checkUser(db: Database, name: string): string {
  if (isUser(db, name)) return name
  const known = listUsers(db)
  throw new UserError('no-such-user', `There is no user named ${JSON.stringify(name.slice(0, 64))}`, {
    hint: didYouMean(name, known) ?? 'a user comes with a key: ssh-keys:add NAME',
  })
}

/** Removes somebody with their keys, tokens and roles. */
export function removeUser(db: Database, name: string): void {
  db.run('DELETE FROM users WHERE name = ?', name)
}

/** Gives a user one role at an app, or everywhere, in place of the one they had there. */
export function grant(db: Database, user: string, given: Role, app: AppOf): void {
  db.run(
    'INSERT INTO grants (user, app_id, role) VALUES (?, ?, ?) ON CONFLICT (user, coalesce(app_id, 0)) DO UPDATE SET role = excluded.role',
    user,
    app?.id ?? null,
    given,
  )
}

/** Takes away the role that a user has at an app, or everywhere; false when they had none there. */
export function revoke(db: Database, user: string, app: AppOf): boolean {
  return db.run('DELETE FROM grants WHERE user = ? AND app_id IS ?', user, app?.id ?? null).changes > 0
}

/** Who has which role where. */
export function listGrants(db: Database): Grant[] {
  return db.all(
    grantRow,
    'SELECT g.user, a.name AS app, g.role FROM grants g LEFT JOIN apps a ON a.id = g.app_id ORDER BY g.user, a.name IS NOT NULL, a.name',
  )
}

const valueRow = z.object({ value: z.union([role, z.literal('none')]) })
const defaultRole = 'access default-role'

/** The role that a new user gets everywhere: admin, until somebody decides otherwise. */
export function roleOfNewUsers(db: Database): Role | 'none' {
  return db.get(valueRow, 'SELECT value FROM facts WHERE name = ?', defaultRole)?.value ?? 'admin'
}

/** Undefined stands for what it is by itself. */
export function setRoleOfNewUsers(db: Database, value: Role | 'none' | undefined): void {
  if (value === undefined) db.run('DELETE FROM facts WHERE name = ?', defaultRole)
  else db.run('INSERT OR REPLACE INTO facts (name, value) VALUES (?, ?)', defaultRole, value)
}

/** A role as it is typed; UserError `bad-role`. */
export function parseRole(text: string): Role {
  const found = roles.find((one) => one === text)
  if (found !== undefined) return found
  throw new UserError('bad-role', `${JSON.stringify(text.slice(0, 20))} is not a role`, { hint: roles.join(', ') })
}
