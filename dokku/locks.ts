/** A queue per key: calls with one key run one after another, in the order they came. `busy` says whether one runs now. */
export function keyedQueue() {
  const tails = new Map<number | string, Promise<unknown>>()
  return Object.assign(inOrder, { busy: (key: number | string) => tails.has(key) })

  async function inOrder<T>(key: number | string, work: () => Promise<T>, onWait?: () => void): Promise<T> {
    const before = tails.get(key)
    if (before !== undefined) onWait?.()
    const mine = (before ?? Promise.resolve()).then(work, work)
    const settled = mine.catch(() => undefined)
    tails.set(key, settled)
    try {
      return await mine
    } finally {
      if (tails.get(key) === settled) tails.delete(key)
    }
  }
}

/** At most `limit` calls at once; the others wait their turn. */
export function limited(limit: number) {
  let running = 0
  const waiting: (() => void)[] = []
  return async function atMost<T>(work: () => Promise<T>, onWait?: () => void): Promise<T> {
    if (running >= limit) {
      onWait?.()
      await new Promise<void>((resolve) => waiting.push(resolve))
    } else running++
    try {
      return await work()
    } finally {
      const next = waiting.shift()
      if (next) next()
      else running--
    }
  }
}
