import { ask } from './socket.ts'

/** A table in nginx's shared memory: told what changed, and told again what it may have missed. */
export class SharedTable {
  readonly #socket: string
  readonly #name: string
  #known: ReadonlyMap<string, string> = new Map()
  /** Keys of which nginx may know something else, after a change that failed half way. */
  #unsure: ReadonlySet<string> = new Set()

  constructor(socket: string, name: 'routes' | 'hosts' | 'tls') {
    this.#socket = socket
    this.#name = name
  }

  /** What nginx has loaded by itself. */
  loaded(table: ReadonlyMap<string, string>): void {
    this.#known = table
  }

  /** Makes the table this one; in effect for every request that begins later. */
  async set(next: ReadonlyMap<string, string>): Promise<void> {
    const keys = new Set([...this.#known.keys(), ...next.keys()])
    const changed = [...keys].filter((key) => this.#known.get(key) !== next.get(key))
    const sent = new Set([...changed, ...this.#unsure])
    if (sent.size === 0) return
    this.#unsure = sent
    await tell(this.#socket, `/${this.#name}`, formatTable(new Map([...sent].map((key) => [key, next.get(key) ?? '']))))
    this.#known = next
    this.#unsure = new Set()
  }
}

/** The certificates in nginx's shared memory, by their digests. */
export class SharedCertificates {
  readonly #socket: string
  readonly #read: (digest: string) => Promise<string>
  #known: ReadonlySet<string> = new Set()

  constructor(socket: string, read: (digest: string) => Promise<string>) {
    this.#socket = socket
    this.#read = read
  }

  loaded(digests: ReadonlySet<string>): void {
    this.#known = digests
  }

  /** Makes these the only ones. */
  async set(digests: ReadonlySet<string>): Promise<void> {
    const fresh = await Promise.all([...digests.difference(this.#known)].map(async (digest) => `@${digest}\n${await this.#read(digest)}`))
    const gone = [...this.#known.difference(digests)].map((digest) => `@${digest}\n`)
    if (fresh.length + gone.length === 0) return
    // What fails half way is told again: nginx has then what both would have.
    const before = this.#known
    this.#known = before.intersection(digests)
    await tell(this.#socket, '/certificates', [...gone, ...fresh].join(''))
    this.#known = digests
  }
}

/** One line per entry: its key and, after a blank, its value. */
export function formatTable(table: ReadonlyMap<string, string>): string {
  return [...table].map(([key, value]) => `${`${key} ${value}`.trimEnd()}\n`).join('')
}

/** The reverse of `formatTable`. */
export function parseTable(text: string): Map<string, string> {
  const lines = text.split('\n').filter((line) => line !== '')
  return new Map(lines.map((line) => [line.split(' ', 1)[0] ?? '', line.slice(line.indexOf(' ') + 1)]))
}

/** Tells nginx something on its control socket; throws what it has against it. */
export async function tell(socket: string, path: string, body: string): Promise<void> {
  const answer = await ask(socket, 'POST', path, { body })
  if (answer.status !== 200) throw new Error(`nginx did not take ${path} (${answer.status}): ${answer.text.trim()}`)
}
