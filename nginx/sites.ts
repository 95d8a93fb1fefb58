import { rm } from 'node:fs/promises'
import { isDeepStrictEqual } from 'node:util'
import type { z } from 'zod'
import { messageOf, UserError } from '#lib/errors.ts'
import { readIfThere, writeWhole } from '#lib/files.ts'
import { keep, sweep, textsOf } from './addition-files.ts'
import type { StoredAdditions } from './additions.ts'
import { render, type Settings, served } from './config.ts'
import { check } from './process.ts'
import { givingWay, parseStore, type Refused, refusal, sharedHost } from './refused.ts'
import type { Site, wantedSite } from './site.ts'

/** A site whose additions nobody has looked at. */
type Wanted = z.infer<typeof wantedSite>

/** Sites that pass together, and what does not. */
interface Passing {
  sites: Site[]
  refused: Refused[]
}

/** What changes nginx: a reload, absent while nginx is not running. */
type Reload = () => Promise<void>

/**
 * The sites and nginx's configuration made from them. A change goes copy, render, `nginx -t`, store, switch, reload;
 * whichever step fails, the stored sites, the configuration and nginx are as before. What was added to a site is in nobody's
 * way: when nginx refuses it, the site has what it had last, or only what passes.
 */
export class SiteStore {
  readonly #settings: Settings
  #sites: Site[] = []
  #refused: Refused[] = []
  /** The additions that nginx may read, by their digests. */
  #inUse: ReadonlySet<string> = new Set()
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
    this.#sites = sorted(passing.sites)
    this.#refused = [...refused, ...passing.refused]
    await writeWhole(this.configuration, render(this.#sites, this.#settings))
    this.#inUse = digests(this.#sites)
    await sweep(this.#settings, this.#inUse)
  }

  /** Adds or replaces one site; answers what of it was refused without keeping the rest away. */
  put(wanted: Wanted, reload: Reload): Promise<Refused[]> {
    return this.#queued(async () => {
      const { sites, refused } = await this.#look(wanted)
      await this.#switch(sites, reload, wanted.name)
      return refused
    })
  }

  /** What `put` would answer or throw; changes nothing. */
  look(wanted: Wanted): Promise<Refused[]> {
    return this.#queued(async () => (await this.#look(wanted)).refused)
  }

  /** A site as nginx reads it, with each text that was added to it; empty when there is no such site. */
  async configurationOf(name: string): Promise<string> {
    const found = this.#last({ name })
    if (found === undefined) return ''
    const texts = found.additions === undefined ? [] : await textsOf(found.additions, this.#settings)
    return served(found, this.#settings) + texts.map(({ path, text }) => `\n# ${path}\n${text}`).join('')
  }

  /** Removes one site; one that is not there is no error. */
  remove(name: string, reload: Reload): Promise<void> {
    return this.#queued(async () => {
      const sites = this.#others({ name })
      const reason = sites.length < this.#sites.length ? await this.#check(sites) : undefined
      if (reason !== undefined) throw refusal([{ name, reason }])
      await this.#switch(sites, reload, name)
    })
  }

  /** Replaces all sites; those that are refused keep their last good version, if any, and are returned. */
  replaceAll(wanted: readonly Wanted[], reload: Reload): Promise<Refused[]> {
    return this.#queued(async () => {
      const kept = []
      for (const one of wanted) kept.push(await this.#keep(one))
      const { sites, refused } = await this.#passing(
        kept.map(({ found }) => found),
        this.#sites,
      )
      await this.#switch(sites, reload, 'all sites')
      return [...kept.flatMap((one) => one.refused), ...refused]
    })
  }

  #others({ name }: { name: string }): Site[] {
    return this.#sites.filter((known) => known.name !== name)
  }

  #last({ name }: { name: string }): Site | undefined {
    return this.#sites.find((known) => known.name === name)
  }

  /** A site with what is added to it on the disk; with what it had last, where that cannot be. */
  async #keep({ additions, ...plain }: Wanted): Promise<{ found: Site; refused: Refused[] }> {
    if (additions === undefined) return { found: plain, refused: [] }
    if (additions === 'kept') return { found: having(plain, this.#last(plain)?.additions), refused: [] }
    try {
      return { found: { ...plain, additions: await keep(additions, this.#settings) }, refused: [] }
    } catch (error) {
      if (!(error instanceof UserError)) throw error
      return { found: having(plain, this.#last(plain)?.additions), refused: [{ name: plain.name, reason: error.message }] }
    }
  }

  /** All sites with a new one that passes; what of it was refused. */
  async #look(wanted: Wanted): Promise<Passing> {
    const { name } = wanted
    const kept = await this.#keep(wanted)
    const given = givingWay([...this.#others(wanted), kept.found])
    const refused = [...kept.refused, ...given.refused.filter((one) => one.name === name)]
    const unchanged = isDeepStrictEqual(sorted(given.sites), this.#sites)
    const reason = unchanged ? undefined : await this.#check(given.sites)
    if (reason === undefined) return { sites: given.sites, refused }
    const others = given.sites.filter((one) => one.name !== name)
    const less = await this.#withLess(given.sites.at(-1) ?? kept.found, others)
    if (less === undefined) throw refusal([{ name, reason }])
    return { sites: [...others, less], refused: [...refused, { name, reason }] }
  }

  /** A site with what was added to it last, or with those of its texts that pass; undefined when it does not pass without any. */
  async #withLess(found: Site, others: readonly Site[]): Promise<Site | undefined> {
    const { additions, ...plain } = found
    const passes = async (one: Site) => (await this.#check([...others, one])) === undefined
    if (additions === undefined || !(await passes(plain))) return undefined
    const last = this.#last(found)?.additions
    if (last !== undefined && (await passes({ ...plain, additions: last }))) return { ...plain, additions: last }
    let good: StoredAdditions = { ...additions, inside: [], beside: [] }
    const tries = [
      ...additions.inside.map((path) => () => ({ ...good, inside: [...good.inside, path] })),
      ...additions.beside.map((one) => () => ({ ...good, beside: [...good.beside, one] })),
    ]
    for (const more of tries) if (await passes({ ...plain, additions: more() })) good = more()
    return { ...plain, additions: good }
  }

  /** Makes checked sites those that are stored and served. */
  async #switch(wanted: Site[], reload: Reload, name: string): Promise<void> {
    const sites = sorted(wanted)
    const before = this.#sites
    if (isDeepStrictEqual(sites, before)) return
    try {
      await this.#write(sites)
      await reload()
    } catch (error) {
      await this.#write(before)
      await reload().catch(() => undefined)
      throw refusal([{ name, reason: messageOf(error) }], error)
    }
    this.#sites = sites
    this.#refused = this.#refused.filter((known) => !sites.some((one) => one.name === known.name))
    // Requests that began before the reload still read what was added before it.
    this.#inUse = digests([...sites, ...before])
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
  async #passing(wanted: readonly Site[], fallback: readonly Site[]): Promise<Passing> {
    const { sites: given, refused } = givingWay(wanted)
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
      const less = await this.#withLess(only, good)
      if (less !== undefined) return [...good, less]
      const last = fallback.find(({ name }) => name === only.name)
      return last !== undefined && (await this.#check([...good, last])) === undefined ? [...good, last] : good
    }
    return { sites: await add([], given), refused }
  }

  #queued<T>(change: () => Promise<T>): Promise<T> {
    const done = this.#queue.then(change)
    // What cannot be swept now goes after the next change.
    this.#queue = done.catch(() => undefined).then(() => sweep(this.#settings, this.#inUse).catch(() => undefined))
    return done
  }
}

function sorted(sites: readonly Site[]): Site[] {
  return [...sites].sort((a, b) => (a.name < b.name ? -1 : 1))
}

function having(plain: Omit<Site, 'additions'>, additions: StoredAdditions | undefined): Site {
  return additions === undefined ? plain : { ...plain, additions }
}

function digests(sites: readonly Site[]): Set<string> {
  return new Set(sites.flatMap(({ additions }) => additions?.digest ?? []))
}
