import * as z from 'zod'
import { UserError } from '#lib/errors.ts'
import { didYouMean } from '#lib/nearest.ts'
import { appProperty } from './global-properties.ts'
import type { Instance } from './instance.ts'
import { checkAppName, show } from './names.ts'
import { slot } from './secrets/sealing.ts'

const appRow = z.object({
  id: z.number(),
  name: z.string(),
  created_at: z.string(),
  release_id: z.number().nullable(),
  restarts: z.number(),
  stopped: z.number(),
  locked: z.number(),
})

const pair = z.object({ key: z.string(), value: z.string() })
const quantity = z.object({ process: z.string(), quantity: z.number() })
const host = z.object({ host: z.string() })
const appId = z.object({ app_id: z.number() })

/** An app that exists, with the settings that its next release will take. There is one object for each, so that a rename reaches whoever holds it. */
export class App {
  readonly instance: Instance
  readonly id: number
  name: string

  constructor(instance: Instance, id: number, name: string) {
    this.instance = instance
    this.id = id
    this.name = name
  }

  /** The stored row, read afresh: other commands may have changed it meanwhile. */
  get state(): { releaseId: number | null; restarts: number; stopped: boolean; locked: boolean; createdAt: string } {
    const row = appById(this.instance, this.id)
    if (row === undefined) throw appMissing(this.name)
    return {
      releaseId: row.release_id,
      restarts: row.restarts,
      stopped: row.stopped === 1,
      locked: row.locked === 1,
      createdAt: row.created_at,
    }
  }

  setLocked(locked: boolean): void {
    this.instance.db.run('UPDATE apps SET locked = ? WHERE id = ?', locked ? 1 : 0, this.id)
  }

  /** Throws UserError `app-locked` when the app takes no deploy. */
  assertUnlocked(): void {
    if (this.state.locked)
      throw new UserError('app-locked', `${this.name} is locked and takes no deploy`, { hint: `apps:unlock ${this.name}` })
  }

  setStopped(stopped: boolean): void {
    this.instance.db.run('UPDATE apps SET stopped = ? WHERE id = ?', stopped ? 1 : 0, this.id)
  }

  /** Makes every running container count as old, so that the next convergence replaces it. */
  countRestart(): void {
    this.instance.db.run('UPDATE apps SET restarts = restarts + 1 WHERE id = ?', this.id)
  }

  readonly config = {
    all: (): Record<string, string> =>
      Object.fromEntries(
        this.instance.db
          .all(pair, 'SELECT key, unseal(value) AS value FROM config WHERE app_id = ? ORDER BY key', this.id)
          .map(({ key, value }) => [key, value]),
      ),
    set: (pairs: Record<string, string>): void =>
      this.instance.db.tx(() => {
        for (const [key, value] of Object.entries(pairs))
          this.instance.db.run('INSERT OR REPLACE INTO config (app_id, key, value) VALUES (?, ?, seal(?))', this.id, key, value)
      }),
    unset: (keys: readonly string[]): void =>
      this.instance.db.tx(() => {
        for (const key of keys) this.instance.db.run('DELETE FROM config WHERE app_id = ? AND key = ?', this.id, key)
      }),
    /** Makes these the only ones. */
    replace: (pairs: Record<string, string>): void =>
      this.instance.db.tx(() => {
        this.instance.db.run('DELETE FROM config WHERE app_id = ?', this.id)
        this.config.set(pairs)
      }),
  }

  readonly formation = {
    all: (): Record<string, number> =>
      Object.fromEntries(
        this.instance.db
          .all(quantity, 'SELECT process, quantity FROM formation WHERE app_id = ? ORDER BY process', this.id)
          .map((row) => [row.process, row.quantity]),
      ),
    set: (quantities: Record<string, number>): void =>
      this.instance.db.tx(() => {
        for (const [process, count] of Object.entries(quantities))
          this.instance.db.run('INSERT OR REPLACE INTO formation (app_id, process, quantity) VALUES (?, ?, ?)', this.id, process, count)
      }),
  }

  readonly domains = {
    own: (): string[] =>
      this.instance.db.all(host, 'SELECT host FROM domains WHERE app_id = ? ORDER BY rowid', this.id).map((row) => row.host),
    /** Are the default hosts among them? Not once one was removed. */
    defaults: (): boolean => this.properties.get('domains default') !== 'removed',
    add: (hosts: readonly string[]): void =>
      this.domains.store({
        own: [...this.domains.own(), ...hosts.filter((host) => !this.domains.all().includes(host))],
        defaults: this.domains.defaults(),
      }),
    remove: (hosts: readonly string[]): void => {
      const others = this.domains.all().filter((host) => !hosts.includes(host))
      const defaults = this.domains.defaults() && !this.defaultHosts.some((host) => hosts.includes(host))
      this.domains.store({ own: others.filter((host) => !defaults || !this.defaultHosts.includes(host)), defaults })
    },
    /** All of them, whether the app is served by them or not. */
    all: (): string[] => [...new Set([...(this.domains.defaults() ? this.defaultHosts : []), ...this.domains.own()])],
    /** Makes these the only ones, with the default hosts or without. */
    store: ({ own, defaults }: { own: readonly string[]; defaults: boolean }): void =>
      this.instance.db.tx(() => {
        this.properties.set('domains default', defaults ? '' : 'removed')
        this.instance.db.run('DELETE FROM domains WHERE app_id = ?', this.id)
        for (const name of own) this.instance.db.run('INSERT INTO domains (host, app_id) VALUES (?, ?)', name, this.id)
      }),
  }

  readonly properties = {
    get: (name: string): string | undefined => appProperty(this.instance.db, this.id, name),
    /** An empty value clears the property, as in Dokku. */
    set: (name: string, value: string): void => {
      const { db } = this.instance
      if (value === '') db.run('DELETE FROM properties WHERE app_id = ? AND name = ?', this.id, name)
      else db.run(`INSERT OR REPLACE INTO properties (app_id, name, value) VALUES (?, ?, ${slot(name, value)})`, this.id, name, value)
    },
  }

  /** What the appliance knows it by; its name may change without a route that does. */
  get site(): string {
    return `app-${this.id}`
  }

  /** What a plugin chose when the app got its name, else its name below each global domain. */
  get defaultHosts(): string[] {
    const chosen = this.properties.get('domains host')
    return chosen === undefined ? defaultHosts(this.instance, this.name) : [chosen]
  }

  /** The hosts that reach this app: the default ones, unless they were removed, and those that were added; none while it has domains disabled. */
  get hosts(): string[] {
    return this.properties.get('domains enabled') === 'false' ? [] : this.domains.all()
  }

  get urls(): string[] {
    if ((this.properties.get('proxy type') ?? this.instance.properties.get('proxy type')) === 'none') return []
    const { httpPort, httpsPort } = this.instance.settings
    const encrypted = this.instance.db.get(appId, 'SELECT app_id FROM certificates WHERE app_id = ?', this.id) !== undefined
    const port = encrypted ? httpsPort : httpPort
    const suffix = port === (encrypted ? 443 : 80) ? '' : `:${port}`
    return this.hosts.map((name) => `${encrypted ? 'https' : 'http'}://${name}${suffix}`)
  }
}

/** The app of this name; UserError `app-missing` (exit status 20, as Dokku's) when there is none. */
export function findApp(instance: Instance, name: string): App {
  const app = maybeApp(instance, checkAppName(name))
  if (app === undefined) throw appMissing(name, allApps(instance))
  return app
}

/** The app of this number, by one look at the database. */
export function numberedApp(instance: Instance, id: number): App | undefined {
  const row = appById(instance, id)
  return row && toApp(instance, row)
}

/** Is the app still there? */
export function isThere(app: App): boolean {
  return appById(app.instance, app.id) !== undefined
}

function appById(instance: Instance, id: number) {
  return instance.db.get(appRow, 'SELECT * FROM apps WHERE id = ?', id)
}

export function maybeApp(instance: Instance, name: string): App | undefined {
  const row = instance.db.get(appRow, 'SELECT * FROM apps WHERE name = ?', name)
  return row && toApp(instance, row)
}

export function allApps(instance: Instance): App[] {
  return instance.db.all(appRow, 'SELECT * FROM apps ORDER BY name').map((row) => toApp(instance, row))
}

const known = new WeakMap<Instance, Map<number, App>>()

function toApp(instance: Instance, { id, name }: { id: number; name: string }): App {
  const apps = known.get(instance) ?? new Map<number, App>()
  known.set(instance, apps)
  const app = apps.get(id) ?? new App(instance, id, name)
  apps.set(id, app)
  app.name = name
  return app
}

/** The domains below which apps get their default hosts: the instance's hostname, unless others were set. */
export function globalDomains({ settings, properties }: Instance): string[] {
  const chosen = properties.get('domains global')
  return chosen === undefined ? [settings.hostname] : chosen.split(' ').filter((domain) => domain !== noDomain)
}

/** Stores the global domains. */
export function storeGlobalDomains({ properties, settings }: Instance, domains: readonly string[]): void {
  const text = domains.join(' ') || noDomain
  properties.set('domains global', text === settings.hostname ? '' : text)
}

const noDomain = '-'

/** APP.DOMAIN for each global domain; an app named like a domain is its own. */
export function defaultHosts(instance: Instance, name: string): string[] {
  return name.includes('.') ? [name] : globalDomains(instance).map((domain) => `${name}.${domain}`)
}

/** Refuses the name of an app that exists: UserError `app-exists`. */
export function assertNameFree(instance: Instance, name: string): void {
  if (maybeApp(instance, name)) throw new UserError('app-exists', `App ${name} already exists`)
}

/** UserError `app-missing`, with the name among these that may have been meant. */
export function appMissing(name: string, others: readonly App[] = []): UserError {
  const meant = didYouMean(
    name,
    others.map((app) => app.name),
  )
  return new UserError('app-missing', `App ${name.length > 63 ? show(name) : name} does not exist`, {
    hint: meant ?? 'apps:list shows the apps; apps:create makes one, and so does the first git push',
    exitCode: 20,
  })
}
