import { AsyncLocalStorage } from 'node:async_hooks'

const scope = new AsyncLocalStorage<Map<string, unknown>>()

/** Does work that only reads: what it looks up `together` is looked up once, however many apps it is about. */
export function readingTogether<T>(work: () => Promise<T>): Promise<T> {
  return scope.run(new Map(), work)
}

/** What `look` gives, kept under a name for as long as such work goes on; undefined outside of it, where each look is for itself. */
export function together<T>(name: string, look: () => T): T | undefined {
  const seen = scope.getStore()
  if (seen === undefined) return undefined
  const known = seen.get(name)
  if (known !== undefined) return known as T
  const found = look()
  seen.set(name, found)
  return found
}
