import { readdir, readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { ExecError, run, type Started, signalGroup, start } from '#lib/exec.ts'
import { ask } from './socket.ts'

/** How long before a reload clients are told to open new connections; who asks less often hardly meets the moment of closing. */
const goodbyeMs = 200

/** Checks a configuration with `nginx -t`: undefined when it is good, else nginx's words. */
export async function check(file: string): Promise<string | undefined> {
  try {
    const { stderr } = await run(['nginx', '-t', '-q', '-c', file])
    // nginx only warns of it, and lets the first of them have the host.
    return /conflicting server name \S+ on \S+/.exec(stderr)?.[0]
  } catch (error) {
    if (error instanceof ExecError && error.exitCode === 1) return words(error.stderr)
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

/** The running nginx: one master, child of this process. */
export class Nginx {
  readonly #started: Started
  readonly #socket: string
  /** What nginx has said since the last reload began. */
  #said = ''
  /** Resolves with the exit status when nginx is gone. */
  readonly exited: Promise<number>

  constructor(configuration: string, socket: string, log: (text: string) => void = (text) => process.stderr.write(text)) {
    this.#socket = socket
    this.#started = start(['nginx', '-c', configuration])
    this.#started.stdin.end()
    for (const stream of [this.#started.stdout, this.#started.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.#said = (this.#said + text).slice(-16384)
        log(text)
      })
    this.exited = new Promise((resolve) => {
      const ended = (status: number | null) => {
        // Workers outlive a master that was killed, and would keep the ports.
        signalGroup(this.#started, 'SIGKILL')
        resolve(status ?? 1)
      }
      // Not the end of its output, which such workers hold open.
      this.#started.nodeChildProcess.once('exit', ended)
      this.#started.nodeChildProcess.once('error', () => ended(127))
    })
  }

  /** Resolves once nginx answers on its control socket; throws when it died before. */
  async up(): Promise<void> {
    let gone = false
    void this.exited.then(() => {
      gone = true
    })
    while (!(await this.answers())) {
      if (gone) throw new Error(`nginx did not start: ${words(this.#said)}`)
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
    await sleep(goodbyeMs)
    try {
      await this.#replaceWorkers(timeoutMs)
    } finally {
      await this.#goodbye(0).catch(() => undefined)
    }
  }

  async #goodbye(seconds: number): Promise<void> {
    await ask(this.#socket, 'POST', '/goodbye', { body: `${seconds}` })
  }

  async #replaceWorkers(timeoutMs: number): Promise<void> {
    const before = await this.#accepting()
    this.#said = ''
    this.#started.kill('SIGHUP')
    const deadline = performance.now() + timeoutMs
    while (performance.now() < deadline) {
      await sleep(10)
      if (failed(this.#said)) throw new Error(words(this.#said))
      const now = await this.#accepting()
      if (now.size > 0 && before.isDisjointFrom(now)) return
    }
    throw new Error(`nginx did not reload within ${timeoutMs / 1000} s`)
  }

  /** Stops: requests in flight may end within `graceMs`, then connections are closed. */
  async stop(graceMs: number): Promise<void> {
    this.#started.kill('SIGQUIT')
    const timer = setTimeout(() => this.#started.kill('SIGTERM'), graceMs)
    await this.exited
    clearTimeout(timer)
  }

  /** The workers that accept connections: an old one renames itself before it closes its listeners. */
  async #accepting(): Promise<Set<string>> {
    const workers = new Set<string>()
    for (const pid of await readdir('/proc')) {
      if (!/^\d+$/.test(pid)) continue
      const [status, title] = await Promise.all([read(`/proc/${pid}/status`), read(`/proc/${pid}/cmdline`)])
      const parent = /^PPid:\t(\d+)$/m.exec(status)?.[1]
      if (parent === String(this.#started.pid) && /^nginx: worker process(?! is shutting down)/.test(title)) workers.add(pid)
    }
    return workers
  }
}

/** Did nginx give a new configuration up? It tries for a while to have a port that somebody else has. */
function failed(said: string): boolean {
  return said.split('\n').some((line) => line.includes('[emerg]') && !/ bind\(\) to \S+ failed /.test(line))
}

/** A file of /proc, or nothing when the process has just gone. */
async function read(path: string): Promise<string> {
  return await readFile(path, 'utf8').catch(() => '')
}
