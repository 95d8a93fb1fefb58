import { closeSync, createReadStream, mkdirSync, openSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { hasCode } from './errors.ts'

/** Bytes kept from the beginning of a build's output, and characters from its end when it says more. */
export const logLimits = { head: 4 * 2 ** 20, tail: 64 * 2 ** 10 }

/**
 * What a build says, in a file of bounded size that others can follow. A file that cannot be written, on a full disk
 * say, costs its readers lines and the build nothing.
 */
export class BuildLog {
  readonly #path: string
  readonly #limits: typeof logLimits
  readonly #listeners = new Set<(text: string) => void>()
  readonly #ended = Promise.withResolvers<void>()
  #file: number | undefined
  #size = 0
  #gap = false
  #tail: string[] = []
  #tailLength = 0
  #left = 0

  constructor(path: string, limits = logLimits) {
    this.#path = path
    this.#limits = limits
    try {
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
      this.#file = openSync(path, 'w', 0o600)
    } catch {
      this.#gap = true
    }
  }

  /** Takes whole lines. */
  write(text: string): void {
    if (this.#size + Buffer.byteLength(text) <= this.#limits.head && this.#tail.length === 0) this.#tell(text)
    else this.#defer(text)
  }

  /** No more lines come; what was held back for the end is told now. */
  end(): void {
    if (this.#left > 0) this.#tell(`       ... ${this.#left} characters are left out here ...\n`)
    if (this.#tail.length > 0) this.#tell(this.#tail.join(''))
    if (this.#gap) this.#tell(' !     a part of this output could not be kept: the disk did not take it\n')
    if (this.#file !== undefined) closeSync(this.#file)
    this.#file = undefined
    this.#ended.resolve()
  }

  /** Gives all that was said and then each line as it comes, until the build's end or until the follower leaves. */
  async follow(write: (text: string) => void, signal: AbortSignal): Promise<void> {
    const meanwhile: string[] = []
    let take: typeof write = (text) => meanwhile.push(text)
    const listener = (text: string) => take(text)
    this.#listeners.add(listener)
    try {
      await readLog(this.#path, write, this.#size)
      for (const text of meanwhile) write(text)
      take = write
      if (!signal.aborted) await Promise.race([this.#ended.promise, aborted(signal)])
    } finally {
      this.#listeners.delete(listener)
    }
  }

  #tell(text: string): void {
    try {
      // At once and in order, so that a reader of the file up to here misses nothing.
      if (this.#file !== undefined) this.#size += writeSync(this.#file, text)
    } catch {
      this.#gap = true
    }
    for (const listener of this.#listeners) listener(text)
  }

  #defer(text: string): void {
    this.#tail.push(text)
    this.#tailLength += text.length
    while (this.#tailLength > this.#limits.tail && this.#tail.length > 1) {
      const dropped = this.#tail.shift()?.length ?? 0
      this.#tailLength -= dropped
      this.#left += dropped
    }
  }
}

/** Gives the text of a log, or its first bytes; one that is not there has none. */
export async function readLog(path: string, write: (text: string) => void, size?: number): Promise<void> {
  if (size === 0) return
  try {
    for await (const text of createReadStream(path, { encoding: 'utf8', ...(size === undefined ? {} : { end: size - 1 }) }))
      write(String(text))
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
}
