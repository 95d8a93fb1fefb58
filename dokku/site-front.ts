import { z } from 'zod'
import { UserError } from '#lib/errors.ts'
import { type Front, front, type WantedSite } from '#nginx'
import type { App } from './app.ts'
import { limitsOf } from './site-options.ts'

const { maintenance, auth, redirects, pages } = front.shape

/** What stands in front of an app and is kept as one property each, by the plugins' names. */
const kept = {
  maintenance: z.strictObject({ enabled: z.boolean(), ...maintenance.unwrap().shape }),
  'http-auth': z.strictObject({ enabled: z.boolean(), ...auth.unwrap().shape }),
  redirect: redirects.unwrap(),
  pages: pages.unwrap(),
}

/** What stands in front of an app, by the names of what keeps it. */
export type Kept = { [K in keyof typeof kept]: z.infer<(typeof kept)[K]> }

const none: Kept = {
  maintenance: { enabled: false },
  'http-auth': { enabled: false, users: [], allowed: [] },
  redirect: [],
  pages: {},
}

/** What an app has of maintenance, passwords, redirects or pages. */
export function keptFront<K extends keyof Kept>(app: App, name: K): Kept[K] {
  const text = app.properties.get(`${name} front`)
  return text === undefined ? none[name] : (kept[name].parse(JSON.parse(text)) as Kept[K])
}

/** Stores it, checked. UserError `bad-front`. */
export function keepFront<K extends keyof Kept>(app: App, name: K, value: Kept[K]): void {
  const { data, error } = kept[name].safeParse(value)
  if (error !== undefined) throw new UserError('bad-front', error.issues[0]?.message ?? 'this cannot stand in front of an app')
  app.properties.set(`${name} front`, JSON.stringify(data))
}

/** What stands in front of an app. */
export function frontOf(app: App): Pick<WantedSite, 'front'> {
  const { enabled: closed, ...page } = keptFront(app, 'maintenance')
  const { enabled: guarded, ...passwords } = keptFront(app, 'http-auth')
  const [redirects, pages] = [keptFront(app, 'redirect'), keptFront(app, 'pages')]
  const front: Front = {
    ...limitsOf(app),
    ...(closed ? { maintenance: page } : {}),
    ...(guarded ? { auth: passwords } : {}),
    ...(redirects.length > 0 ? { redirects } : {}),
    ...(Object.keys(pages).length > 0 ? { pages } : {}),
  }
  return Object.keys(front).length > 0 ? { front } : {}
}

/** The hosts that lead elsewhere. */
export function redirectedHosts(app: App): string[] {
  return keptFront(app, 'redirect').map(({ from }) => from)
}
