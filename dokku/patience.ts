/** The first repeat waits so long, in milliseconds; each further one twice as long as the one before, up to the longest. */
const first = 1_000
const longest = 5 * 60_000

/**
 * Does something for a key at once the first time, and ever later when it is asked for again and again, so that an app
 * that ends as soon as it starts does not keep the machine busy. Calls that come while one waits are one. A key that was
 * quiet for twice the longest wait starts anew.
 */
export function patience(now: () => number = () => performance.now()) {
  const known = new Map<number, { wait: number; at: number; pending: boolean }>()
  return async function again(key: number, work: () => Promise<void>, signal: AbortSignal): Promise<void> {
    const before = known.get(key)
    if (before?.pending) return
    const calm = before === undefined || now() - before.at > 2 * longest
    const state = { wait: calm ? 0 : Math.min(longest, Math.max(first, before.wait * 2)), at: now(), pending: true }
    known.set(key, state)
    if (state.wait > 0) await sleep(state.wait, signal)
    state.pending = false
    state.at = now()
    if (!signal.aborted) await work()
  }
}

async function sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, milliseconds)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      resolve()
    })
  })
}
