import { isDeepStrictEqual } from 'node:util'
import { currentOf, type Stored, type StoredRelease } from './truth.ts'

/** One app as it is stored. */
export interface AppState {
  name: string
  stopped: boolean
  restarts: number
  releases: StoredRelease[]
  current: StoredRelease | undefined
  config: Record<string, string>
  head: string
  processes: string[]
  builds: Stored['builds']
}

/** All apps by their names, at two moments, and the app it is about. */
export interface Change {
  before: AppState
  after: ReadonlyMap<string, AppState>
}

/** What is not as it should be after an operation that happened as a whole; empty when all of it is. */
export type Check = (change: Change) => string[]

export function appsOf(stored: Stored): Map<string, AppState> {
  return new Map(
    stored.apps.map((app) => {
      const current = currentOf(stored, app.id)
      const state: AppState = {
        name: app.name,
        stopped: app.stopped === 1,
        restarts: app.restarts,
        releases: stored.releases.filter((one) => one.app_id === app.id),
        current,
        config: Object.fromEntries(stored.config.filter((one) => one.app_id === app.id).map(({ key, value }) => [key, value])),
        head: stored.heads[`${app.id}.git`] ?? '',
        processes: Object.keys(current?.manifest.processes ?? {}),
        builds: stored.builds.filter((one) => one.app_id === app.id),
      }
      return [app.name, state]
    }),
  )
}

/** What an operation that did not happen leaves as it was. Builds that came to nothing are listed all the same. */
function essence({ builds: _, ...rest }: AppState): unknown {
  return rest
}

/** Is the app as it was, as if nothing had been asked? */
export const untouched: Check = ({ before, after }) => {
  const app = after.get(before.name)
  if (app === undefined) return [`${before.name} is gone`]
  const changed = Object.keys(before).filter(
    (key) => key !== 'builds' && !isDeepStrictEqual(before[key as keyof AppState], app[key as keyof AppState]),
  )
  if (isDeepStrictEqual(essence(before), essence(app))) return []
  return changed.map((key) => `${key} changed: ${show(before[key as keyof AppState])} -> ${show(app[key as keyof AppState])}`)
}

interface Expected {
  image?: string | undefined
  revision?: string | null | undefined
  config?: Record<string, string> | undefined
  formation?: Record<string, number> | undefined
  /** A change of settings does not start what is stopped. */
  mayStayStopped?: boolean
}

/** One release more, the current one, that differs in this. Which processes it has, its image says. */
export const released =
  ({ image, revision, config, formation, mayStayStopped = false }: Expected): Check =>
  ({ before, after }) => {
    const app = after.get(before.name)
    const next = (before.releases.at(-1)?.version ?? 0) + 1
    return differences([
      ['current release', app?.current?.version, next],
      ['newest release', app?.releases.at(-1)?.version, next],
      ['image', app?.current?.image, image ?? before.current?.image],
      ['revision', app?.current?.revision, revision ?? before.current?.revision],
      ['config of the release', app?.current?.config, config ?? before.config],
      ['stored config', app?.config, config ?? before.config],
      ['formation', app?.current?.formation, formation ?? app?.current?.formation],
      ['stopped', app?.stopped, mayStayStopped && before.stopped],
    ])
  }

/** A release of the commit; git stores the ref once the release serves, so one without the other is what a kill may leave. */
export const pushed =
  (commit: string): Check =>
  ({ before, after }) => {
    const app = after.get(before.name)
    const last = before.releases.at(-1)?.version ?? 0
    return differences([
      ['current release', app?.current?.version, last + 1],
      ['revision', app?.current?.revision, commit],
      ['stored config', app?.config, before.config],
      ['config of the release', app?.current?.config, before.config],
      ['stopped', app?.stopped, false],
    ])
  }

/** The branch names the commit. */
export const stored =
  (commit: string): Check =>
  ({ before, after }) =>
    differences([['head', after.get(before.name)?.head, commit]])

/** The app is untouched, and the build says why. */
export const cancelled: Check = (change) => {
  const newest = change.after.get(change.before.name)?.builds.at(-1)
  return [...untouched(change), ...differences([['newest build', newest?.status, 'cancelled']])]
}

export const restarted: Check = ({ before, after }) => {
  const app = after.get(before.name)
  return differences([
    ['restarts', app?.restarts, before.restarts + 1],
    ['current release', app?.current?.version, before.current?.version],
    ['stopped', app?.stopped, false],
  ])
}

export const stopped =
  (stopped: boolean): Check =>
  ({ before, after }) =>
    untouched({ before: { ...before, stopped }, after })

export const renamed =
  (name: string): Check =>
  ({ before, after }) => [
    ...untouched({ before: { ...before, name }, after }),
    ...(after.has(before.name) ? [`${before.name} is still there`] : []),
  ]

export const cloned =
  (name: string): Check =>
  ({ before, after }) => {
    const clone = after.get(name)
    return [
      ...untouched({ before, after }),
      ...differences([
        ['releases of the clone', clone?.releases.map(({ version }) => version), [1]],
        ['image', clone?.current?.image, before.current?.image],
        ['config', clone?.config, before.config],
        ['config of the release', clone?.current?.config, before.config],
        ['head', clone?.head, before.head],
      ]),
    ]
  }

export const destroyed: Check = ({ before, after }) => (after.has(before.name) ? [`${before.name} is still there`] : [])

function differences(pairs: readonly [what: string, is: unknown, should: unknown][]): string[] {
  return pairs
    .filter(([, is, should]) => !isDeepStrictEqual(is, should))
    .map(([what, is, should]) => `${what}: ${show(is)} instead of ${show(should)}`)
}

function show(value: unknown): string {
  return (JSON.stringify(value) ?? 'nothing').slice(0, 200)
}
