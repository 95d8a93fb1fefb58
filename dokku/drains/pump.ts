import { setTimeout as sleep } from 'node:timers/promises'
import { messageOf } from '#lib/errors.ts'
import type { Instance } from '../instance.ts'
import { type AppLine, lineTime } from '../logs/line.ts'
import { parseDrainUrl } from './drain-url.ts'
import { type Drain, positionsOf, storeProgress } from './drains.ts'
import { LineBuffer } from './line-buffer.ts'
import { DrainRefused, senderFor } from './senders.ts'
import type { DrainState } from './state.ts'

/** What waits for a receiver at most: some seconds of an app that writes as fast as it can. */
const bufferLimits = { lines: 50_000, bytes: 32 * 1024 ** 2 }

/** What is sent at once. */
const batch = { lines: 2000, bytes: 1024 ** 2 }

/** How long a receiver may take for it, and how long it is left alone after it failed: ever longer. */
const sendMs = 15_000
const restMs = { least: 500, most: 60_000 }

/** How often it is stored how far a drain is: after a crash, so much is sent again. */
const storeMs = 2_000

/** Takes lines for one drain and sends them, without ever keeping whoever has them waiting. */
export class Pump {
  readonly #instance: Instance
  readonly #drain: Drain
  readonly #buffer = new LineBuffer(bufferLimits)
  readonly #ended = new AbortController()
  /** By container: the last line taken, the last that is done with, and whether its lines are new ones by now. */
  readonly #taken: Map<string, string>
  readonly #done = new Map<string, string>()
  readonly #begun = new Set<string>()
  readonly #since: string
  #counts = { delivered: 0, dropped: 0 }
  #error: string | undefined
  readonly #running: Promise<void>

  constructor(instance: Instance, drain: Drain) {
    this.#instance = instance
    this.#drain = drain
    this.#taken = positionsOf(instance, drain)
    this.#since = lineTime(new Date(drain.createdAt))
    this.#running = this.#run()
  }

  get state(): DrainState {
    return { buffered: this.#buffer.length, error: this.#error, ...this.#counts }
  }

  /** From when on it wants lines of a container. */
  since(container: string): string {
    return this.#taken.get(container) ?? this.#since
  }

  /** Lines are read once more, from the oldest that any drain still wants. */
  again(): void {
    this.#begun.clear()
  }

  push(line: AppLine): void {
    if (!this.#begun.has(line.container)) {
      if (line.time <= this.since(line.container)) return
      this.#begun.add(line.container)
    }
    this.#taken.set(line.container, line.time)
    const gone = this.#buffer.push(line)
    for (const { container, time } of gone) this.#done.set(container, time)
    this.#counts.dropped += gone.length
  }

  async close(): Promise<void> {
    this.#ended.abort()
    this.#buffer.wake()
    await this.#running
  }

  async #run(): Promise<void> {
    const { signal } = this.#ended
    const to = parseDrainUrl(this.#drain.url)
    const sender = senderFor(this.#instance, to, this.#drain.inner)
    const timer = setInterval(() => this.#store(), storeMs)
    while (!signal.aborted) {
      await this.#buffer.filled()
      const lines = this.#buffer.take(batch)
      const lost = this.#buffer.takeDropped()
      const [first] = lines
      if (first === undefined) continue
      const notice: AppLine = { ...first, stream: 'dokku', text: `${lost} lines were dropped: the drain was too slow` }
      await this.#send(sender, lost === 0 ? lines : [notice, ...lines])
    }
    clearInterval(timer)
    sender.close()
    this.#store()
  }

  /** Until they are sent, or refused, or it is over: then they are not done with. */
  async #send(sender: ReturnType<typeof senderFor>, lines: readonly AppLine[]): Promise<void> {
    const { signal } = this.#ended
    for (let rest = restMs.least; !signal.aborted; rest = Math.min(rest * 2, restMs.most)) {
      try {
        await sender.send(lines, AbortSignal.any([signal, AbortSignal.timeout(sendMs)]))
        this.#error = undefined
        this.#settle(lines, 'delivered')
        return
      } catch (error) {
        if (signal.aborted) return
        this.#error = messageOf(error)
        if (error instanceof DrainRefused) return this.#settle(lines, 'dropped')
        await sleep(rest, undefined, { signal }).catch(() => undefined)
      }
    }
  }

  #settle(lines: readonly AppLine[], as: 'delivered' | 'dropped'): void {
    this.#counts[as] += lines.filter(({ stream }) => stream !== 'dokku').length
    for (const { container, time } of lines) this.#done.set(container, time)
  }

  #store(): void {
    if (this.#done.size === 0 && this.#counts.delivered + this.#counts.dropped === 0) return
    try {
      storeProgress(this.#instance, this.#drain, this.#done, this.#counts)
      this.#done.clear()
      this.#counts = { delivered: 0, dropped: 0 }
    } catch (error) {
      this.#instance.log.warn({ err: error, drain: this.#drain.id }, 'how far a drain is could not be stored')
    }
  }
}
