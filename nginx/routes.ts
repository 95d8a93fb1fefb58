import { isIPv6 } from 'node:net'
import { z } from 'zod'
import { readIfThere, writeWhole } from '#lib/files.ts'
import { siteName } from './name.ts'
import { type Upstream, upstream } from './site.ts'
import { formatTable, parseTable, SharedTable } from './tables.ts'

const upstreams = z.array(upstream).max(200)

/** Where requests go; without upstreams, why, so that the page that is shown says it. */
const route = z.union([upstreams, z.strictObject({ upstreams: upstreams.max(0), because: z.enum(['deploying', 'stopped']) })])

/** What the API accepts as routes: by their names, which are those of sites where these have only one. */
export const routes = z.record(siteName, route)

export type Route = z.infer<typeof route>
export type Routes = Record<string, Route>

/** `10.0.0.2:5000`, `[fd00::2]:5000`: as nginx, the file and the counters name an upstream. */
export function upstreamKey({ address, port }: Upstream): string {
  return isIPv6(address) ? `[${address}]:${port}` : `${address}:${port}`
}

function textOf(one: Route): string {
  return Array.isArray(one) ? one.map(upstreamKey).join(' ') : `=${one.because}`
}

/** The table of routes: on disk first, for the next start, then in nginx's shared memory, where a switch takes effect. */
export class RouteTable {
  readonly #file: string
  readonly #shared: SharedTable
  #stored = new Map<string, string>()
  #queue: Promise<unknown> = Promise.resolve()

  constructor(file: string, socket: string) {
    this.#file = file
    this.#shared = new SharedTable(socket, 'routes')
  }

  /** Reads the file that nginx loads too; call it before nginx starts. */
  async load(): Promise<void> {
    this.#stored = parseTable((await readIfThere(this.#file)) ?? '')
    this.#shared.loaded(this.#stored)
  }

  get all(): ReadonlyMap<string, string> {
    return this.#stored
  }

  get names(): string[] {
    return [...this.#stored.keys()]
  }

  entries(): Record<string, string[]> {
    return Object.fromEntries([...this.#stored].map(([name, text]) => [name, text.split(' ')]))
  }

  /** Sets some routes; an empty list takes one away. Changes follow each other in the order of the calls; answers which changed. */
  set(changes: Routes): Promise<ReadonlySet<string>> {
    const done = this.#queue.then(() => this.#set(changes))
    this.#queue = done.catch(() => undefined)
    return done
  }

  async #set(changes: Routes): Promise<ReadonlySet<string>> {
    const next = new Map(this.#stored)
    for (const [name, one] of Object.entries(changes)) {
      const text = textOf(one)
      if (text === '') next.delete(name)
      else next.set(name, text)
    }
    const changed = new Set(Object.keys(changes).filter((name) => next.get(name) !== this.#stored.get(name)))
    if (changed.size > 0) await writeWhole(this.#file, formatTable(next))
    await this.#shared.set(next)
    this.#stored = next
    return changed
  }
}
