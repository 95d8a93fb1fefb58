import { AsyncLocalStorage } from 'node:async_hooks'

/** The time that a call has a key to itself; what it left running in the background has no part in it. */
interface Turn {
  readonly key: number | string
  over: boolean
}

/**
 * A queue per key: calls with one key run one after another, in the order they came. `busy` says whether one runs now,
 * `idle` resolves once none does. A signal takes a call out of the queue while it waits; the call then fails with the signal's reason.
 * What is called from within a turn has that turn too, as a plugin that calls `dokku` back: it would wait for itself.
 */
export function keyedQueue() {
  const tails = new Map<number | string, Promise<unknown>>()
  const holding = new AsyncLocalStorage<readonly Turn[]>()
  const idle = async (): Promise<void> => {
    while (tails.size > 0) await Promise.all(tails.values())
  }
  return Object.assign(inOrder, { busy: (key: number | string) => tails.has(key), idle })

  async function inOrder<T>(key: number | string, work: () => Promise<T>, onWait?: () => void, signal?: AbortSignal): Promise<T> {
    const held = holding.getStore() ?? []
    if (held.some((turn) => turn.key === key && !turn.over)) return await work()
    const turn: Turn = { key, over: false }
    const before = tails.get(key)
    if (before !== undefined) onWait?.()
    const waiting = patient(signal)
    const mine = (before ?? Promise.resolve()).then(() => {
      waiting.over()
      signal?.throwIfAborted()
      return holding.run([...held, turn], work)
    })
    // Not when the caller is answered: one that was called off still stands between its neighbours.
    const clear = () => {
      turn.over = true
      if (tails.get(key) === settled) tails.delete(key)
    }
    const settled = mine.then(clear, clear)
    tails.set(key, settled)
    return await Promise.race([mine, waiting.given])
  }
}

/** At most `limit` calls at once; the others wait their turn, unless their signal calls them off with its reason. */
export function limited(limit: number) {
  let running = 0
  const queue: (() => void)[] = []
  const passOn = () => {
    const next = queue.shift()
    if (next) next()
    else running--
  }
  return async function atMost<T>(work: () => Promise<T>, onWait?: () => void, signal?: AbortSignal): Promise<T> {
    if (running >= limit) {
      onWait?.()
      const waiting = patient(signal)
      const { promise: turn, resolve } = Promise.withResolvers<void>()
      queue.push(resolve)
      try {
        await Promise.race([turn, waiting.given])
      } catch (error) {
        const at = queue.indexOf(resolve)
        // Its turn may have come in the same moment.
        if (at >= 0) queue.splice(at, 1)
        else passOn()
        throw error
      } finally {
        waiting.over()
      }
    } else running++
    try {
      return await work()
    } finally {
      passOn()
    }
  }
}

/** A wait that a signal may end: `given` rejects with its reason once it is aborted, unless the wait is over. */
function patient(signal: AbortSignal | undefined): { given: Promise<never>; over: () => void } {
  const { promise: given, reject } = Promise.withResolvers<never>()
  given.catch(() => undefined)
  const give = () => reject(signal?.reason)
  signal?.addEventListener('abort', give)
  if (signal?.aborted) give()
  return { given, over: () => signal?.removeEventListener('abort', give) }
}
