import { rm } from 'node:fs/promises'
import { z } from 'zod'
import { messageOf, UserError } from '#lib/errors.ts'
import { readIfThere, writeWhole } from '#lib/files.ts'
import { render, type Settings } from './config.ts'
import { check } from './process.ts'
import { problem, type Site, site } from './site.ts'

/** A stored or wanted site that nginx or its grammar does not take. */
export interface Refused {
  name: string
  reason: string
}

/** What changes nginx: a reload, absent while nginx is not running. */
type Reload = () => Promise<void>

/**
 * The sites and nginx's configuration made from them. A change goes copy, render, `nginx -t`, store, switch, reload;
 * whichever step fails, the stored sites, the configuration and nginx are as before.
 */
export class SiteStore {
  readonly #settings: Settings
  #sites: Site[] = []
  #refused: Refused[] = []
  #queue: Promise<unknown> = Promise.resolve()

  constructor(settings: Settings) {
    this.#settings = settings
  }

  get sites(): readonly Site[] {
    return this.#sites
  }

  /** The stored sites that nginx was started without, and why. */
  get refused(): readonly Refused[] {
    return this.#refused
  }

  get configuration(): string {
    return `${this.#settings.stateDir}/nginx.conf`
  }

  get #file(): string {
    return `${this.#settings.stateDir}/sites.json`
  }

  /** Reads the store and writes a configuration that passes, without the sites that do not; call it before nginx starts. */
  async load(): Promise<void> {
    const { sites, refused } = parseStore(await readIfThere(this.#file))
    const passing = await this.#passing(sites, [])
    this.#sites = passing.sites
    this.#refused = [...refused, ...passing.refused]
    await writeWhole(this.configuration, render(this.#sites, this.#settings))
  }

  /** Adds or replaces one site. */
  put(one: Site, reload: Reload): Promise<void> {
    return this.#queued(async () => {
      await this.#replace([...this.#sites.filter(({ name }) => name !== one.name), one], reload, one.name)
    })
  }

  /** Removes one site; one that is not there is no error. */
  remove(name: string, reload: Reload): Promise<void> {
    return this.#queued(async () => {
      await this.#replace(
        this.#sites.filter((known) => known.name !== name),
        reload,
        name,
      )
    })
  }

  /** Replaces all sites; those that are refused keep their last good version, if any, and are returned. */
  replaceAll(wanted: readonly Site[], reload: Reload): Promise<Refused[]> {
    return this.#queued(async () => {
      const { sites, refused } = await this.#passing(wanted, this.#sites)
      await this.#replace(sites, reload, 'all sites')
      return refused
    })
  }

  async #replace(wanted: Site[], reload: Reload, name: string): Promise<void> {
    const sites = sorted(wanted)
    if (JSON.stringify(sites) === JSON.stringify(this.#sites)) return
    const refusal = await this.#check(sites)
    if (refusal !== undefined) throw refused([{ name, reason: refusal }])
    const before = this.#sites
    try {
      await this.#write(sites)
      await reload()
    } catch (error) {
      await this.#write(before)
      await reload().catch(() => undefined)
      throw refused([{ name, reason: messageOf(error) }], error)
    }
    this.#sites = sites
    this.#refused = this.#refused.filter((known) => !sites.some((one) => one.name === known.name))
  }

  async #write(sites: readonly Site[]): Promise<void> {
    await writeWhole(this.#file, `${JSON.stringify(sites, undefined, 2)}\n`)
    await writeWhole(this.configuration, render(sites, this.#settings))
  }

  async #check(sites: readonly Site[]): Promise<string | undefined> {
    const conflict = sharedHost(sites)
    if (conflict !== undefined) return conflict
    const candidate = `${this.configuration}.candidate`
    await writeWhole(candidate, render(sites, this.#settings))
    try {
      return await check(candidate)
    } finally {
      await rm(candidate, { force: true })
    }
  }

  /** The wanted sites that pass together; halves that fail are halved again, so one bad site of 1,000 costs about 20 checks. */
  async #passing(wanted: readonly Site[], fallback: readonly Site[]): Promise<{ sites: Site[]; refused: Refused[] }> {
    const refused: Refused[] = []
    const add = async (good: Site[], more: readonly Site[]): Promise<Site[]> => {
      if (more.length === 0) return good
      const reason = await this.#check([...good, ...more])
      if (reason === undefined) return [...good, ...more]
      const [only] = more
      if (more.length > 1 || only === undefined) {
        const half = Math.ceil(more.length / 2)
        return add(await add(good, more.slice(0, half)), more.slice(half))
      }
      refused.push({ name: only.name, reason })
      const last = fallback.find(({ name }) => name === only.name)
      return last !== undefined && (await this.#check([...good, last])) === undefined ? [...good, last] : good
    }
    const sites = await add([], wanted)
    return { sites: sorted(sites), refused }
  }

  #queued<T>(change: () => Promise<T>): Promise<T> {
    const done = this.#queue.then(change)
    this.#queue = done.catch(() => undefined)
    return done
  }
}

/** The error for sites that nginx or its grammar does not take. */
export function refused(sites: readonly Refused[], cause?: unknown): UserError {
  return new UserError('site-refused', sites.map(({ name, reason }) => `nginx refused ${name}: ${reason}`).join('\n'), {
    hint: 'everything else is as it was',
    ...(cause === undefined ? {} : { cause }),
  })
}

/** Sites one by one: what does not parse is refused, not in the way of the others. */
export function parseSites(values: readonly unknown[]): { sites: Site[]; refused: Refused[] } {
  const sites: Site[] = []
  const refused: Refused[] = []
  for (const [index, value] of values.entries()) {
    const parsed = site.safeParse(value)
    if (parsed.success) sites.push(parsed.data)
    else refused.push({ name: nameOf(value) ?? `site ${index + 1}`, reason: problem(parsed.error) })
  }
  return { sites, refused }
}

/** A store that was damaged loses its sites, not the start; control sends them again. */
function parseStore(text: string | undefined): { sites: Site[]; refused: Refused[] } {
  try {
    return parseSites(z.array(z.unknown()).parse(JSON.parse(text ?? '[]')))
  } catch (error) {
    return { sites: [], refused: [{ name: 'sites.json', reason: messageOf(error) }] }
  }
}

/** Two sites with one host: nginx only warns and serves the first, so we say it. */
export function sharedHost(sites: readonly Site[]): string | undefined {
  const owners = new Map<string, string>()
  for (const { name, hosts } of sites) {
    for (const host of hosts) {
      const owner = owners.get(host)
      if (owner !== undefined) return owner === name ? `there are two sites called ${name}` : `${host} belongs to ${owner}`
      owners.set(host, name)
    }
  }
  return undefined
}

function nameOf(value: unknown): string | undefined {
  const parsed = z.object({ name: z.string() }).safeParse(value)
  return parsed.success ? parsed.data.name : undefined
}

function sorted(sites: readonly Site[]): Site[] {
  return [...sites].sort((a, b) => (a.name < b.name ? -1 : 1))
}
