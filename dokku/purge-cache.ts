import { cachePath, listCache, pruneCache } from '#builder'
import type { App } from './app.ts'
import { cacheKeyOf } from './build-request.ts'

/** Removes the caches that builds of an app have to themselves; answers the bytes that came free. One in use stays. */
export async function purgeCache(app: App): Promise<number> {
  const { engine } = app.instance
  const path = cachePath(cacheKeyOf(app))
  const own = (await listCache(engine)).filter(({ description }) => description.includes(path))
  return await pruneCache(
    engine,
    own.map(({ id }) => id),
  )
}
