import { rm } from 'node:fs/promises'
import type { Output } from '#lib/output.ts'
import type { App } from './app.ts'
import { appNetworks } from './app-network.ts'
import { logFolder } from './builds.ts'
import { containersOf, removeContainer } from './containers.ts'
import { forsakeImages, syncImages } from './images.ts'
import { removeNetwork } from './networks.ts'
import { forsakeRepository, removeRepositories } from './orphans.ts'
import { purgeCache } from './purge-cache.ts'
import { currentRelease } from './release.ts'
import { unroute } from './routing.ts'
import { listRuns } from './runs.ts'

/**
 * Destroys an app with its containers, images, repository and settings. The database goes first: whatever a crash
 * leaves after that belongs to no app, and the next reconcile removes it.
 */
export async function destroyApp(app: App, output: Output): Promise<void> {
  const { instance } = app
  const tag = `v${currentRelease(app)?.version ?? 0}`
  await instance.fire('pre-delete', { app: app.name, tag })
  output.step(`Destroying ${app.name} (including all add-ons)`)
  const containers = [...(await containersOf(app)), ...(await listRuns(instance, app))]
  const name = app.name
  instance.db.tx(() => {
    instance.db.run('DELETE FROM apps WHERE id = ?', app.id)
    forsakeImages(instance, name)
    forsakeRepository(instance, app.id)
  })
  await unroute(app)
  await Promise.all(containers.map((one) => removeContainer(instance, one)))
  await syncImages(instance)
  await removeRepositories(instance)
  await rm(logFolder(instance, app.id), { recursive: true, force: true })
  for (const network of appNetworks(instance, app.id)) await removeNetwork(instance.engine, network, instance.settings.name)
  // The engine may take seconds to tell what it has; what a crash leaves goes with what else is unused for long.
  void purgeCache(app).catch((error: unknown) => instance.log.warn({ err: error }, 'the build cache of a destroyed app stays'))
  await instance.fire('post-delete', { app: name, tag })
}
