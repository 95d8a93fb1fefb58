import { UserError } from '#lib/errors.ts'

/** What somebody may be, everywhere or at one app; each may what those before it may. */
export const roles = ['viewer', 'deployer', 'admin'] as const
export type Role = (typeof roles)[number]

/** What a command needs; every command says one. `manage` is an admin's of the app, `admin` an admin's everywhere. */
export type Right = 'none' | 'view' | 'deploy' | 'manage' | 'admin'

/** Who speaks. */
export interface Identity {
  readonly name: string
  /** The role it has: at the app of this number, else everywhere. Asked each time, for it may have been taken away. */
  readonly role: (app?: number) => Role | undefined
  /** What it came in by, as the audit trail names it. */
  readonly credential: string
  /** Of the key, where it is one: SHA256:… */
  readonly fingerprint?: string
  /** Aborted once what it came in by is taken away. */
  readonly revoked?: AbortSignal
}

const rights: Record<Role, readonly Right[]> = {
  viewer: ['view'],
  deployer: ['view', 'deploy'],
  admin: ['view', 'deploy', 'manage'],
}

/** The one place that decides who may do what; what is not allowed here is denied. */
export function may(identity: Identity, right: Right, app?: { readonly id: number }): boolean {
  if (right === 'none') return true
  if (right === 'admin') return identity.role() === 'admin'
  const role = identity.role(app?.id)
  return role !== undefined && rights[role].includes(right)
}

/** Refuses what somebody may not do: UserError `not-allowed`. */
export function authorize(identity: Identity, right: Right, what: string, app?: { readonly id: number; readonly name: string }): void {
  if (may(identity, right, app)) return
  const role = right === 'view' ? 'viewer' : right === 'deploy' ? 'deployer' : 'admin'
  const where = right === 'admin' || app === undefined ? '' : ` ${app.name}`
  throw new UserError('not-allowed', `${identity.name} may not ${what}${app === undefined ? '' : ` at ${app.name}`}`, {
    hint: `an admin may change that: access:grant ${identity.name} ${role}${where}`,
  })
}

/** The higher of two roles, for whoever has both. */
export function higher(a: Role | undefined, b: Role | undefined): Role | undefined {
  return rank(a) > rank(b) ? a : b
}

/** The lower of two roles, for what is limited by both. */
export function lower(a: Role | undefined, b: Role | undefined): Role | undefined {
  return rank(a) < rank(b) ? a : b
}

function rank(role: Role | undefined): number {
  return role === undefined ? -1 : roles.indexOf(role)
}
