import { readdir, readFile, truncate } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { ExecError, run } from '#lib/exec.ts'
import { type Master, nginxEnvironment, saidFile } from './master.ts'
import { controlSocket, type Settings } from './settings.ts'
import { ask } from './socket.ts'

/** How long before a reload clients are told to open new connections, at most. */
const goodbyeMs = 1200

/** A client that did not ask for so long rests, and hardly asks in the very moment of closing. */
const restMs = 300

/** How long a request takes that began just before they are told. */
const heardMs = 10

/** How long nginx may look at a configuration: names in a tree are asked of DNS meanwhile. */
const checkMs = 60_000

/** Checks a configuration with `nginx -t`: undefined when it is good, else nginx's words. */
export async function check(file: string, signal = AbortSignal.timeout(checkMs)): Promise<string | undefined> {
  try {
    const { stderr } = await run(['nginx', '-t', '-q', '-c', file], { env: nginxEnvironment(), signal })
    // nginx only warns of it, and lets the first of them have the host.
    return /conflicting server name \S+ on \S+/.exec(stderr)?.[0]
  } catch (error) {
    if (error instanceof ExecError && error.exitCode === 1) return words(error.stderr)
    if (signal.aborted) return `nginx was still looking at it after ${checkMs / 1000} s: a name of an upstream that nobody answers for?`
    throw error
  }
}

/** nginx's messages without time, process ids and the name of the file, unless it is that of a text somebody added. */
export function words(stderr: string): string {
  const lines = stderr.split('\n').flatMap((line) => {
    const [, said, file] = /\[(?:emerg|alert|crit)\] (?:\d+#\d+: )?(.*?)(?: in (\S+:\d+))?$/.exec(line) ?? []
    const added = /\/additions\/[0-9a-f]+(\/.*)/.exec(file ?? '')?.[1]
    return said === undefined ? [] : added === undefined ? said : `${added}: ${said}`
  })
  return [...new Set(lines)].join('\n') || stderr.trim() || 'nginx gave no reason'
}

/** The running nginx, through its master and its control socket. */
export class Nginx {
  readonly #master: Master
  readonly #socket: string
  readonly #saidFile: string

  constructor(master: Master, settings: Settings) {
    this.#master = master
    this.#socket = controlSocket(settings)
    this.#saidFile = saidFile(settings)
  }

  /** Resolves with the exit status when nginx is gone. */
  get exited(): Promise<number> {
    return this.#master.exited
  }

  /** Resolves once nginx answers on its control socket; throws when it died before. */
  async up(): Promise<void> {
    let gone = false
    void this.exited.then(() => {
      gone = true
    })
    while (!(await this.answers())) {
      if (gone) throw new Error(`nginx did not start: ${words(await read(this.#saidFile))}`)
      await sleep(10)
    }
  }

  /** Does nginx answer on its control socket? */
  async answers(): Promise<boolean> {
    try {
      return (await ask(this.#socket, 'GET', '/health', { signal: AbortSignal.timeout(5000) })).status === 204
    } catch {
      return false
    }
  }

  /**
   * Resolves once only workers with the new configuration accept connections; throws with nginx's words when it kept the old one.
   * Old workers close kept connections, under a request if one is just coming; so clients in traffic are first told to open new ones.
   */
  async reload(timeoutMs = 30_000): Promise<void> {
    await this.#goodbye(timeoutMs / 1000 + 5)
    await this.#partings()
    try {
      await this.#replaceWorkers(timeoutMs)
    } finally {
      await this.#goodbye(0).catch(() => undefined)
    }
  }

  /** Waits until no client has a connection on which it might ask again: until none is left, or those that are left rest. */
  async #partings(): Promise<void> {
    const began = performance.now()
    await sleep(heardMs)
    let [fewest, since] = [Number.POSITIVE_INFINITY, began]
    while (performance.now() < Math.min(began + goodbyeMs, since + restMs)) {
      const waiting = Number((await ask(this.#socket, 'GET', '/waiting')).text)
      if (waiting === 0) return
      if (waiting < fewest) [fewest, since] = [waiting, performance.now()]
      await sleep(10)
    }
  }

  /** Makes an nginx that somebody else left behind know what is stored, and nothing else. */
  async takeOver(): Promise<void> {
    await ask(this.#socket, 'POST', '/forget', { body: '' })
    await this.reload()
  }

  async #goodbye(seconds: number): Promise<void> {
    await ask(this.#socket, 'POST', '/goodbye', { body: `${seconds}` })
  }

  async #replaceWorkers(timeoutMs: number): Promise<void> {
    const before = await this.#accepting()
    await truncate(this.#saidFile).catch(() => undefined)
    process.kill(this.#master.pid, 'SIGHUP')
    const deadline = performance.now() + timeoutMs
    while (performance.now() < deadline) {
      await sleep(10)
      const said = await read(this.#saidFile)
      if (failed(said)) throw new Error(words(said))
      const now = await this.#accepting()
      if (now.size > 0 && before.isDisjointFrom(now)) return
    }
    throw new Error(`nginx did not reload within ${timeoutMs / 1000} s`)
  }

  /** Has nginx open its logs anew, once they were put aside. */
  reopen(): void {
    this.#signal('SIGUSR1')
  }

  /** Stops: kept connections are told first, then requests in flight may end within `graceMs`, and what is left is closed. */
  async stop(graceMs: number): Promise<void> {
    const timer = setTimeout(() => this.#signal('SIGTERM'), graceMs)
    if (graceMs > goodbyeMs) {
      await this.#goodbye(60).catch(() => undefined)
      await sleep(goodbyeMs)
    }
    this.#signal('SIGQUIT')
    await this.exited
    clearTimeout(timer)
  }

  /** One that has just ended needs no signal. */
  #signal(signal: NodeJS.Signals): void {
    try {
      process.kill(this.#master.pid, signal)
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
    }
  }

  /** The workers that accept connections: an old one renames itself before it closes its listeners. */
  async #accepting(): Promise<Set<string>> {
    const workers = new Set<string>()
    for (const pid of await readdir('/proc')) {
      if (!/^\d+$/.test(pid)) continue
      const [status, title] = await Promise.all([read(`/proc/${pid}/status`), read(`/proc/${pid}/cmdline`)])
      const parent = /^PPid:\t(\d+)$/m.exec(status)?.[1]
      if (parent === String(this.#master.pid) && /^nginx: worker process(?! is shutting down)/.test(title)) workers.add(pid)
    }
    return workers
  }
}

/**
 * Did nginx give a new configuration up? It tries for a while to have a port that somebody else has; and workers that are to open their
 * logs anew say that they may not enter the folder of this one, which is the master's.
 */
function failed(said: string): boolean {
  return said
    .split('\n')
    .some((line) => line.includes('[emerg]') && !/ bind\(\) to \S+ failed | open\(\) "\S+\/said\.log" failed /.test(line))
}

/** A file, or nothing when there is none: a process of /proc has just gone. */
async function read(path: string): Promise<string> {
  return await readFile(path, 'utf8').catch(() => '')
}
