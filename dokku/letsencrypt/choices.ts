import { z } from 'zod'
import { UserError } from '#lib/errors.ts'
import type { App } from '../app.ts'
import { computedProperty } from '../computed-property.ts'
import type { Instance } from '../instance.ts'

/** Let's Encrypt's directories, by the words that Dokku has for them. */
export const servers: Readonly<Record<string, string>> = {
  production: 'https://acme-v02.api.letsencrypt.org/directory',
  default: 'https://acme-v02.api.letsencrypt.org/directory',
  staging: 'https://acme-staging-v02.api.letsencrypt.org/directory',
}

/** Whose certificate it is: an app's, or, when it is the instance, the HTTP door's. */
export type Owner = App | Instance

/** What somebody chose about the certificates of an owner. */
export interface Choices {
  readonly email: string | undefined
  readonly directory: string
  /** Is it an authority of the internet, which knows public names only? */
  readonly worldwide: boolean
  readonly profile: string | undefined
  /** Where the authority says nothing: renewed so many milliseconds before the end. */
  readonly graceMs: number | undefined
  readonly outside: { readonly kid: string; readonly key: string } | undefined
}

export function choicesOf(owner: Owner): Choices {
  const get = (key: string) => ('db' in owner ? owner.properties.get(`letsencrypt ${key}`) : computedProperty(owner, `letsencrypt ${key}`))
  const server = get('server') ?? 'production'
  const [kid, key] = [get('eab-kid'), get('eab-key')]
  const grace = get('graceperiod')
  return {
    email: get('email'),
    directory: servers[server] ?? server,
    worldwide: server in servers,
    profile: get('profile'),
    graceMs: grace === undefined ? undefined : Number(grace) * 1000,
    outside: kid === undefined || key === undefined ? undefined : { kid, key },
  }
}

/** `true` and `false` are what somebody typed; without either, it is on by itself once there is a global email. */
export function chosenFor(owner: Owner): 'on' | 'off' | 'by itself' {
  const word = owner.properties.get(`letsencrypt enabled`)
  return word === 'true' ? 'on' : word === 'false' ? 'off' : 'by itself'
}

const state = z.object({
  /** When to look again, in ISO 8601. */
  next: z.string().optional(),
  failures: z.number().default(0),
  error: z.string().optional(),
  /** The authority that gave the certificate: only it can be asked about it. */
  directory: z.string().optional(),
  /** Hosts that could not be proven. */
  without: z.array(z.string()).optional(),
})

/** How far the certificate of an owner is. */
export type RenewalState = z.output<typeof state>

export function stateOf(owner: Owner): RenewalState {
  const text = owner.properties.get('letsencrypt state')
  const found = text === undefined ? undefined : state.safeParse(JSON.parse(text))
  return found?.data ?? { failures: 0 }
}

/** The choices by which what is served now came. */
export function givenBy(owner: Owner): Choices {
  const choices = choicesOf(owner)
  return { ...choices, directory: stateOf(owner).directory ?? choices.directory }
}

export function storeState(owner: Owner, now: RenewalState | undefined): void {
  owner.properties.set('letsencrypt state', now === undefined ? '' : JSON.stringify(now))
}

export function checkServer(word: string): void {
  const url = URL.parse(word)
  if (word in servers || url?.protocol === 'https:' || (url?.protocol === 'http:' && url.hostname === 'localhost')) return
  throw new UserError('bad-choice', `${JSON.stringify(word.slice(0, 60))} is no certificate authority`, {
    hint: 'production, staging, or the https address of an ACME directory',
  })
}

export function checkEmail(word: string): void {
  if (!/^[^\s@,<>"]{1,64}@[^\s@,<>"]{1,190}$/.test(word))
    throw new UserError('bad-choice', `${JSON.stringify(word.slice(0, 60))} is no address of mail`)
}
