import { isIPv6 } from 'node:net'
import { z } from 'zod'
import { readIfThere, writeWhole } from '#lib/files.ts'
import { siteName, type Upstream, upstream } from './site.ts'
import { ask } from './socket.ts'

/** Where the requests of each site go: site name to upstreams. */
export type Routes = Record<string, Upstream[]>

/** What the API accepts as routes. */
export const routes = z.record(siteName, z.array(upstream).max(200))

/** `10.0.0.2:5000`, `[fd00::2]:5000`: as nginx, the file and the counters name an upstream. */
export function upstreamKey({ address, port }: Upstream): string {
  return isIPv6(address) ? `[${address}]:${port}` : `${address}:${port}`
}

/** One line per site: its name and its upstreams. */
export function formatRoutes(table: ReadonlyMap<string, string>): string {
  return [...table].map(([name, upstreams]) => `${name} ${upstreams}`.trimEnd()).join('\n') + (table.size > 0 ? '\n' : '')
}

/** The reverse of `formatRoutes`. */
export function parseRoutes(text: string): Map<string, string> {
  const lines = text.split('\n').filter((line) => line !== '')
  return new Map(lines.map((line) => [line.split(' ', 1)[0] ?? '', line.slice(line.indexOf(' ') + 1)]))
}

/** The table of routes: on disk first, for the next start, then in nginx's shared memory, where a switch takes effect. */
export class RouteTable {
  readonly #file: string
  readonly #socket: string
  #stored = new Map<string, string>()
  /** Sites of which nginx may know something else, after a change that failed half way. */
  #unsure = new Set<string>()
  #queue: Promise<unknown> = Promise.resolve()

  constructor(file: string, socket: string) {
    this.#file = file
    this.#socket = socket
  }

  /** Reads the file that nginx loads too; call it before nginx starts. */
  async load(): Promise<void> {
    this.#stored = parseRoutes((await readIfThere(this.#file)) ?? '')
  }

  get names(): string[] {
    return [...this.#stored.keys()]
  }

  entries(): Record<string, string[]> {
    return Object.fromEntries([...this.#stored].map(([name, upstreams]) => [name, upstreams.split(' ')]))
  }

  /** Sets the routes of some sites; an empty list takes the route away. Changes follow each other in the order of the calls. */
  set(changes: Routes): Promise<void> {
    const done = this.#queue.then(() => this.#set(changes))
    this.#queue = done.catch(() => undefined)
    return done
  }

  async #set(changes: Routes): Promise<void> {
    const next = new Map(this.#stored)
    const changed = new Set<string>()
    for (const [name, upstreams] of Object.entries(changes)) {
      const text = upstreams.map(upstreamKey).join(' ')
      if (text === (this.#stored.get(name) ?? '')) continue
      changed.add(name)
      if (text === '') next.delete(name)
      else next.set(name, text)
    }
    const sent = changed.union(this.#unsure)
    if (sent.size === 0) return
    this.#unsure = sent
    await writeWhole(this.#file, formatRoutes(next))
    const answer = await ask(this.#socket, 'POST', '/routes', {
      body: formatRoutes(new Map([...sent].map((name) => [name, next.get(name) ?? '']))),
    })
    if (answer.status !== 200) throw new Error(`nginx did not take the routes (${answer.status}): ${answer.text.trim()}`)
    this.#stored = next
    this.#unsure = new Set()
  }
}
