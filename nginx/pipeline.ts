import { rm } from 'node:fs/promises'
import { isDeepStrictEqual } from 'node:util'
import { messageOf } from '#lib/errors.ts'
import { writeWhole } from '#lib/files.ts'
import { sweep } from './addition-files.ts'
import { readCertificate, sweepCertificates } from './certificate.ts'
import { render } from './config.ts'
import { sharedHost, sharedPort } from './conflict.ts'
import { folderNames, keepFiles, sweepFiles } from './front-files.ts'
import { hostTable, kindsOf, tlsTable } from './hosts.ts'
import { check } from './process.ts'
import { type Refused, refusal } from './refused.ts'
import { configurationFile, controlSocket, type Settings, tableFile } from './settings.ts'
import { readState, type State, sorted, stateFile, stateText } from './state.ts'
import { streamRoutes } from './stream.ts'
import { formatTable, SharedCertificates, SharedTable } from './tables.ts'
import { placed } from './tree/placed.ts'

/** Is a state one that nginx takes? Undefined, or why not. */
export type Check = (state: State) => Promise<string | undefined>

/** A change of the state, and what is answered to whoever wants it. It gives a state that passes, or throws. */
export type Change<T> = (state: State, check: Check) => Promise<{ state: State; answer: T }>

interface Waiting {
  name: string
  run: (state: State) => Promise<State>
  settle: (error?: unknown) => void
}

/**
 * The one way in which anything changes: copy, render, `nginx -t`, store, switch, reload. Whichever step fails, what is stored, the
 * configuration and nginx are as before. Changes that wait together are one transaction; what only shared memory holds reloads nothing.
 */
export class Pipeline {
  readonly #settings: Settings
  readonly #routes: () => ReadonlyMap<string, string>
  readonly #reload: () => Promise<void>
  readonly #hosts: SharedTable
  readonly #tls: SharedTable
  readonly #certificates: SharedCertificates
  #state: State = { sites: [] }
  #refused: Refused[] = []
  /** The configuration that nginx runs. */
  #text = ''
  #waiting: Waiting[] = []
  #running = false

  constructor(settings: Settings, routes: () => ReadonlyMap<string, string>, reload: () => Promise<void>) {
    const socket = controlSocket(settings)
    this.#settings = settings
    this.#routes = routes
    this.#reload = reload
    this.#hosts = new SharedTable(socket, 'hosts')
    this.#tls = new SharedTable(socket, 'tls')
    this.#certificates = new SharedCertificates(socket, (digest) => readCertificate(digest, settings))
  }

  get state(): State {
    return this.#state
  }

  /** The stored sites that nginx was started without, and why. */
  get refused(): readonly Refused[] {
    return this.#refused
  }

  get configuration(): string {
    return configurationFile(this.#settings)
  }

  /** Reads what is stored, and writes what nginx starts with; `passing` leaves out what nginx would not take. */
  async load(passing: (state: State, check: Check) => Promise<{ state: State; refused: Refused[] }>): Promise<void> {
    const read = await readState(this.#settings)
    for (const one of read.state.sites) await keepFiles(one, this.#settings)
    const { state, refused } = await passing(read.state, (one) => this.#check(one))
    this.#refused = [...read.refused, ...refused]
    this.#state = { ...state, sites: sorted(state.sites) }
    this.#text = this.#render(state)
    const { hosts, tls, digests } = tablesOf(state)
    await writeWhole(this.configuration, this.#text)
    await writeWhole(tableFile(this.#settings, 'hosts'), formatTable(hosts))
    await writeWhole(tableFile(this.#settings, 'tls'), formatTable(tls))
    this.#hosts.loaded(hosts)
    this.#tls.loaded(tls)
    this.#certificates.loaded(digests)
    await this.#sweep([state])
  }

  /** Makes a change, in its turn. */
  change<T>(name: string, change: Change<T>): Promise<T> {
    return this.#queued(name, async (state) => await change(state, (one) => this.#check(one)))
  }

  /** What a change would answer or throw; nothing changes. */
  try<T>(name: string, change: Change<T>): Promise<T> {
    return this.#queued(name, async (state) => ({ state, answer: (await change(state, (one) => this.#check(one))).answer }))
  }

  /** Follows routes that stand in the configuration. */
  async follow(changed: ReadonlySet<string>): Promise<void> {
    if (!changed.isDisjointFrom(streamRoutes(this.#state.sites)))
      await this.change('routes', async (state) => ({ state, answer: undefined }))
  }

  #queued<T>(name: string, make: (state: State) => Promise<{ state: State; answer: T }>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      let answer: { is: T } | undefined
      this.#waiting.push({
        name,
        run: async (before) => {
          const made = await make(before)
          answer = { is: made.answer }
          return made.state
        },
        settle: (error) => (answer === undefined || error !== undefined ? reject(error) : resolve(answer.is)),
      })
      if (!this.#running) void this.#work()
    })
  }

  async #work(): Promise<void> {
    this.#running = true
    while (this.#waiting.length > 0) await this.#transaction(this.#waiting.splice(0))
    this.#running = false
  }

  /** Makes changes together; when that fails, one by one, so that a bad one is in nobody's way. */
  async #transaction(changes: readonly Waiting[]): Promise<void> {
    let state = this.#state
    const made: Waiting[] = []
    for (const one of changes)
      try {
        state = await one.run(state)
        made.push(one)
      } catch (error) {
        one.settle(error)
      }
    try {
      await this.#commit(state)
      for (const one of made) one.settle()
    } catch (error) {
      const [only] = made
      if (made.length > 1) for (const one of made) await this.#transaction([one])
      else only?.settle(refusal([{ name: only.name, reason: messageOf(error) }], error))
    }
  }

  async #commit(wanted: State): Promise<void> {
    const [before, running] = [this.#state, this.#text]
    const state = { ...wanted, sites: sorted(wanted.sites) }
    const text = this.#render(state)
    if (isDeepStrictEqual(state, before) && text === running) return
    try {
      await this.#switch(before, state, text)
    } catch (error) {
      await this.#switch(state, before, running).catch(() => undefined)
      throw error
    }
    this.#state = state
    this.#refused = this.#refused.filter((known) => !state.sites.some((one) => one.name === known.name))
    // Requests that began before the reload still read what was there before it.
    await this.#sweep([state, before]).catch(() => undefined)
  }

  /** New hosts and certificates are there before the configuration changes, and old ones until it has. */
  async #switch(before: State, after: State, text: string): Promise<void> {
    const [old, next] = [tablesOf(before), tablesOf(after)]
    await writeWhole(stateFile(this.#settings), stateText(after))
    await this.#certificates.set(old.digests.union(next.digests))
    await this.#tls.set(new Map([...old.tls, ...next.tls]))
    await this.#hosts.set(new Map([...old.hosts, ...next.hosts]))
    if (text !== this.#text) {
      await writeWhole(this.configuration, text)
      this.#text = text
      await this.#reload()
    }
    await this.#hosts.set(next.hosts)
    await this.#tls.set(next.tls)
    await this.#certificates.set(next.digests)
  }

  async #check(state: State): Promise<string | undefined> {
    const conflict = sharedHost(state.sites) ?? sharedPort(state.sites, this.#settings, placed(state.tree, this.#settings).ports)
    if (conflict !== undefined) return conflict
    const text = this.#render(state)
    if (text === this.#text) return undefined
    const candidate = `${this.configuration}.candidate`
    await writeWhole(candidate, text)
    try {
      return await check(candidate)
    } finally {
      await rm(candidate, { force: true })
    }
  }

  #render(state: State): string {
    return render(state, this.#settings, this.#routes())
  }

  async #sweep(states: readonly State[]): Promise<void> {
    const sites = states.flatMap((state) => state.sites)
    await sweep(this.#settings, new Set(sites.flatMap(({ additions }) => additions?.digest ?? [])))
    await sweepFiles(new Set(sites.flatMap(folderNames)), this.#settings)
    await sweepCertificates(this.#settings, new Set(sites.flatMap(({ tls }) => tls?.digest ?? [])))
  }
}

function tablesOf({ sites, homes = [] }: State) {
  const tls = tlsTable(sites)
  return { hosts: hostTable(kindsOf(sites), homes), tls, digests: new Set(tls.values()) }
}
