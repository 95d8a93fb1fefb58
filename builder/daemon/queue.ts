import { UserError } from '#lib/errors.ts'

export interface QueueLimits {
  /** How many run together. */
  atOnce: number
  /** How many may wait besides. */
  waiting: number
}

/** A place in the queue. */
export interface Turn {
  /** How many are before it: what runs and what waits; 0 when it may begin at once. */
  readonly ahead: number
  /** Resolves when its turn has come; rejects with the signal's reason, and leaves, when that comes first. */
  come(signal: AbortSignal): Promise<void>
  /** Makes room for the next. */
  leave(): void
}

interface Ticket {
  readonly key: string
  readonly begin: PromiseWithResolvers<void>
}

/** Turns in the order in which they were taken: so many at once, and never two of one key. */
export class Queue {
  readonly #limits: QueueLimits
  readonly #running = new Set<Ticket>()
  readonly #waiting: Ticket[] = []

  constructor(limits: QueueLimits) {
    this.#limits = limits
  }

  /** A place at the end; UserError `queue-full` when nobody else may wait. */
  take(key: string): Turn {
    const { waiting } = this.#limits
    const ticket: Ticket = { key, begin: Promise.withResolvers() }
    const ahead = this.#fits(ticket) ? 0 : this.#running.size + this.#waiting.length
    if (ahead > 0 && this.#waiting.length >= waiting)
      throw new UserError('queue-full', `${waiting} ${waiting === 1 ? 'build is' : 'builds are'} waiting already, and no more may`, {
        hint: 'push again later',
      })
    this.#waiting.push(ticket)
    this.#next()
    return {
      ahead,
      come: async (signal) => {
        const { promise: stopped, reject } = Promise.withResolvers<never>()
        const stop = () => reject(signal.reason)
        signal.addEventListener('abort', stop, { once: true })
        try {
          signal.throwIfAborted()
          await Promise.race([ticket.begin.promise, stopped])
        } catch (error) {
          this.#leave(ticket)
          throw error
        } finally {
          signal.removeEventListener('abort', stop)
        }
      },
      leave: () => this.#leave(ticket),
    }
  }

  #fits({ key }: Ticket): boolean {
    return this.#running.size < this.#limits.atOnce && ![...this.#running].some((other) => other.key === key)
  }

  #next(): void {
    for (const ticket of [...this.#waiting]) {
      if (!this.#fits(ticket)) continue
      this.#waiting.splice(this.#waiting.indexOf(ticket), 1)
      this.#running.add(ticket)
      ticket.begin.resolve()
    }
  }

  #leave(ticket: Ticket): void {
    this.#running.delete(ticket)
    const at = this.#waiting.indexOf(ticket)
    if (at !== -1) this.#waiting.splice(at, 1)
    this.#next()
  }
}
