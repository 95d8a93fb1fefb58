import { chown, mkdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { UserError } from '#lib/errors.ts'

/** How long another process may hold a store: what is done meanwhile takes moments, so it is stuck then. */
const patienceMs = 30_000
const betweenLooksMs = 10

/** The last one in the queue of each store of this process. */
const last = new Map<string, Promise<void>>()

/**
 * Does something with a store while nobody else changes it: one after another in this process, and by a lock of the
 * kernel's between processes, which ends with its holder. Fetching and asking are done before. UserError `store-busy`.
 */
export async function exclusively<T>(root: string, work: () => Promise<T>): Promise<T> {
  const before = last.get(root)
  const { promise: over, resolve: leave } = Promise.withResolvers<void>()
  last.set(root, over)
  try {
    await before
    const held = await hold(root)
    try {
      return await work()
    } finally {
      held.release()
    }
  } finally {
    leave()
    if (last.get(root) === over) last.delete(root)
  }
}

async function hold(root: string): Promise<{ release(): void }> {
  // Loaded only here: programs that call hooks start often, and change nothing.
  const { lock } = await import('#lib/lock.ts')
  await mkdir(root, { recursive: true })
  const path = join(root, '.lock')
  const deadline = performance.now() + patienceMs
  let held = lock(path, 0)
  // The kernel tells nobody that a lock is free, and to wait inside the call would stop this whole process.
  for (; held === undefined && performance.now() < deadline; held = lock(path, 0)) await pause(betweenLooksMs)
  if (held === undefined) throw new UserError('store-busy', `another process is changing the plugins in ${root}`, { hint: 'try again' })
  // Whoever the plugins belong to changes them still when root has.
  const owner = await stat(root)
  if (process.getuid?.() === 0 && owner.uid !== 0) await chown(path, owner.uid, owner.gid)
  return held
}
