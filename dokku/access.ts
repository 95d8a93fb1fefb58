import { UserError } from '#lib/errors.ts'

/** What a command needs. Every command says one. */
export type Right = 'none' | 'deploy' | 'admin'

/** Who speaks: the local administrator (docker exec) or the owner of an SSH key. */
export interface Identity {
  name: string
  role: 'admin' | 'deployer'
  /** Of the key, where it is one: SHA256:… */
  fingerprint?: string
}

const rights: Record<Identity['role'], readonly Right[]> = {
  admin: ['none', 'deploy', 'admin'],
  deployer: ['none', 'deploy'],
}

/** The one place that decides who may do what; what is not allowed here is denied. */
export function authorize(identity: Identity, right: Right, what: string): void {
  if (rights[identity.role].includes(right)) return
  throw new UserError('not-allowed', `${identity.name} may not ${what}`, {
    hint: 'it needs an admin: an admin key, or docker exec on the host',
  })
}
