import { allApps } from './app.ts'
import { appContainer, label } from './container.ts'
import { appNetwork, ownerOf, removeAppNetwork, removeContainer, retireContainer } from './containers.ts'
import { sweepEntered } from './enter.ts'
import { syncImages } from './images.ts'
import type { Instance } from './instance.ts'
import { sweepRuns } from './runs.ts'

/**
 * Removes what belongs to no app, no client and no container: what is listed is looked up afterwards, so that what was
 * begun meanwhile is never taken for a rest.
 */
export async function removeOrphans(instance: Instance): Promise<void> {
  const parts = { entered: sweepEntered, runs: sweepRuns, containers, networks, images: syncImages, repositories }
  for (const [part, remove] of Object.entries(parts))
    await remove(instance).catch((error: unknown) => instance.log.error({ err: error }, `could not remove orphaned ${part}`))
}

/** Containers of apps that are gone, and those that should have ended with the process of control that made them. */
async function containers(instance: Instance): Promise<void> {
  const filters = { label: [`${label.instance}=${instance.settings.name}`] }
  const found = await instance.engine.listContainers({ all: true, filters })
  const apps = ids(instance)
  const orphans = found.filter(({ Labels: labels }) => {
    if (label.session in labels) return labels[label.session] !== instance.session
    return label.app in labels && !apps.has(String(ownerOf(instance, labels)))
  })
  const removed = orphans
    .map((info) => appContainer(info, undefined))
    .map((one) => (one.process === 'web' ? retireContainer(instance, one) : removeContainer(instance, one)))
  await Promise.all(removed)
}

/** Networks of single apps, where there are any. */
async function networks(instance: Instance): Promise<void> {
  const filters = { label: [`${label.instance}=${instance.settings.name}`] }
  const found = await instance.engine.listNetworks({ filters: JSON.stringify(filters) })
  const prefix = appNetwork(instance, '')
  const apps = ids(instance)
  const orphans = found.filter(({ Name: name }) => name.startsWith(prefix) && !apps.has(name.slice(prefix.length)))
  await Promise.all(orphans.map(({ Name: name }) => removeAppNetwork(instance, name.slice(prefix.length))))
}

async function repositories(instance: Instance): Promise<void> {
  const found = await instance.repositories.list()
  const apps = ids(instance)
  const orphans = found.filter((id) => !apps.has(id))
  await Promise.all(orphans.map((id) => instance.repositories.remove(id)))
}

function ids(instance: Instance): Set<string> {
  return new Set(allApps(instance).map(({ id }) => String(id)))
}
