import { output } from '#lib/output.ts'
import { sweepAddresses } from './addresses.ts'
import { type App, allApps } from './app.ts'
import { label } from './container.ts'
import { listContainers, removeContainer } from './containers.ts'
import { converge, syncRoutes } from './converge.ts'
import type { Instance } from './instance.ts'
import { currentRelease } from './release.ts'

/** Desired state against Docker, from any starting point: after a crash, a power cut, an upgrade. */
export async function reconcile(instance: Instance): Promise<void> {
  await removeOrphans(instance)
  await syncRoutes(instance)
  await Promise.all(allApps(instance).map((app) => reconcileApp(app)))
}

/** One app to its current release; one that cannot is logged and does not hold up the others. */
export async function reconcileApp(app: App): Promise<void> {
  const { instance } = app
  const quiet = output(
    () => undefined,
    (line) => instance.log.warn({ app: app.name }, line.trim()),
  )
  try {
    await instance.inOrder(app.id, async () => converge(app, currentRelease(app), quiet))
  } catch (error) {
    instance.log.error({ err: error, app: app.name }, 'could not bring the app to its release')
  }
}

/** Containers of apps that are gone, one-off containers nobody watches any more, and leases nobody holds. */
async function removeOrphans(instance: Instance): Promise<void> {
  const apps = new Set(allApps(instance).map((app) => app.name))
  const deployed = await instance.engine.listContainers({
    all: true,
    filters: { label: [`${label.instance}=${instance.settings.name}`, label.app] },
  })
  const orphans = deployed.filter((info) => !apps.has(info.Labels[label.app] ?? '') || info.Labels[label.type] === 'run')
  const ids = new Set(orphans.map((info) => info.Id))
  for (const one of await listContainers(instance, {})) if (ids.has(one.id)) await removeContainer(instance, one)
  const held = deployed.filter((info) => !ids.has(info.Id)).map((info) => info.Labels[label.address] ?? '')
  sweepAddresses(instance.db, new Set(held))
}
