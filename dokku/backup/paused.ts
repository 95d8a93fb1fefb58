import { hasStatus } from '#lib/docker.ts'
import type { App } from '../app.ts'
import { label } from '../container.ts'
import type { Instance } from '../instance.ts'

/** How long containers are paused at most: whoever asks an app would wait no longer. In milliseconds. */
const longestMs = 30_000

/**
 * The bytes of a volume, read while no container of ours writes to it: they are paused, after whatever changes these apps now. What takes
 * longer goes on while they run, and `late` is told. Should control die, its successor sees that they are paused, and lets them run.
 */
export async function* readPaused(
  instance: Instance,
  { volume, apps }: { volume: string; apps: readonly App[] },
  read: () => AsyncIterable<Uint8Array>,
  late: () => void,
): AsyncGenerator<Uint8Array> {
  const paused = Promise.withResolvers<void>()
  const over = Promise.withResolvers<void>()
  const pausing = whilePaused(instance, volume, apps, async () => {
    paused.resolve()
    await over.promise
  })
  pausing.catch(paused.reject)
  const timer = setTimeout(() => {
    late()
    over.resolve()
  }, longestMs)
  try {
    await paused.promise
    timer.refresh()
    yield* read()
  } finally {
    clearTimeout(timer)
    over.resolve()
    await pausing
  }
}

async function whilePaused(instance: Instance, volume: string, apps: readonly App[], work: () => Promise<void>): Promise<void> {
  // By number, as everybody would who needs several turns.
  const [first, ...others] = apps.toSorted((a, b) => a.id - b.id)
  if (first !== undefined) return await instance.inOrder(first.id, () => whilePaused(instance, volume, others, work))
  // Those of apps: what reads the volume has it too.
  const filters = { volume: [volume], label: [`${label.instance}=${instance.settings.name}`, label.id], status: ['running'] }
  const paused: string[] = []
  try {
    const found = await instance.engine.listContainers({ filters })
    await Promise.all(found.map(async ({ Id: id }) => (await changed(instance.engine.getContainer(id).pause())) && paused.push(id)))
    await work()
  } finally {
    await Promise.all(paused.map((id) => changed(instance.engine.getContainer(id).unpause())))
  }
}

/** False for one that ended meanwhile, or is as it should be. */
async function changed(doing: Promise<unknown>): Promise<boolean> {
  try {
    await doing
    return true
  } catch (error) {
    if (hasStatus(error, 404, 409)) return false
    throw error
  }
}
