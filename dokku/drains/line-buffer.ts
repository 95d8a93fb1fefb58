import type { AppLine } from '../logs/line.ts'

/** How much waits for a receiver that is slow or away. */
export interface BufferLimits {
  lines: number
  bytes: number
}

/** Lines that wait to be sent; when there are too many, the oldest go, and are counted. */
export class LineBuffer {
  readonly #limits: BufferLimits
  #lines: AppLine[] = []
  /** Where the first that waits is: taking one by one from the front of an array would copy the rest each time. */
  #first = 0
  #bytes = 0
  /** Lines that went, since somebody asked. */
  #dropped = 0
  #filled = Promise.withResolvers<void>()

  constructor(limits: BufferLimits) {
    this.#limits = limits
  }

  get length(): number {
    return this.#lines.length - this.#first
  }

  /** Adds a line, and answers those that had to go for it. */
  push(line: AppLine): AppLine[] {
    this.#lines.push(line)
    this.#bytes += sizeOf(line)
    const gone: AppLine[] = []
    while (this.length > 1 && (this.length > this.#limits.lines || this.#bytes > this.#limits.bytes)) gone.push(...this.#shift(1))
    this.#dropped += gone.length
    this.#filled.resolve()
    return gone
  }

  /** The oldest lines: at most so many, and of no more bytes unless the first alone has them. */
  take(most: BufferLimits): AppLine[] {
    let [count, bytes] = [0, 0]
    for (; count < Math.min(most.lines, this.length); count++) {
      bytes += sizeOf(this.#lines[this.#first + count])
      if (count > 0 && bytes > most.bytes) break
    }
    return this.#shift(count)
  }

  /** How many lines went since the last time this was asked. */
  takeDropped(): number {
    const dropped = this.#dropped
    this.#dropped = 0
    return dropped
  }

  /** Resolves once there is a line. */
  async filled(): Promise<void> {
    if (this.length > 0) return
    this.#filled = Promise.withResolvers()
    await this.#filled.promise
  }

  /** Lets whoever waits for a line go on without one. */
  wake(): void {
    this.#filled.resolve()
  }

  #shift(count: number): AppLine[] {
    const taken = this.#lines.slice(this.#first, this.#first + count)
    this.#first += count
    for (const line of taken) this.#bytes -= sizeOf(line)
    if (this.#first > 1000 && this.#first * 2 > this.#lines.length) {
      this.#lines = this.#lines.slice(this.#first)
      this.#first = 0
    }
    return taken
  }
}

/** Bytes of memory, roughly. */
function sizeOf(line: AppLine | undefined): number {
  return (line?.text.length ?? 0) + 200
}
