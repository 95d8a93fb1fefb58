import { output } from '#lib/output.ts'
import { sweepAddresses } from './addresses.ts'
import { type App, allApps } from './app.ts'
import { label } from './container.ts'
import { listContainers, removeContainer } from './containers.ts'
import { converge, syncRoutes } from './converge.ts'
import type { Instance } from './instance.ts'
import { currentRelease } from './release.ts'

/**
 * Desired state against Docker, from any starting point: after a crash, a power cut, an upgrade. Resolves once nothing
 * of the past is in the way and every app has its turn; `settled` once the apps are as they should be.
 */
export async function reconcile(instance: Instance): Promise<{ settled: Promise<unknown> }> {
  await removeOrphans(instance)
  await syncRoutes(instance).catch((error: unknown) =>
    instance.log.error({ err: error }, 'the appliance did not take all sites and routes'),
  )
  return { settled: Promise.all(allApps(instance).map((app) => reconcileApp(app))) }
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
