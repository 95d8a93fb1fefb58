import type { ContainerInfo } from 'dockerode'
import { allApps } from './app.ts'
import { appNetworks } from './app-network.ts'
import { appContainer, label } from './container.ts'
import { isGenuine, ownerOf, removeContainer } from './containers.ts'
import { sweepEntered } from './enter.ts'
import { syncImages } from './images.ts'
import type { Instance } from './instance.ts'
import { sweepKeptLogs } from './logs/kept.ts'
import { removeNetwork } from './networks.ts'
import { pledge, pledged, redeem } from './pledges.ts'
import { retireContainer } from './retire-container.ts'
import { sweepRuns } from './runs.ts'

/**
 * Removes what belongs to no app, no client and no container: what is listed is looked up afterwards, so that what was
 * begun meanwhile is never taken for a rest.
 */
export async function removeOrphans(instance: Instance): Promise<void> {
  const parts = {
    entered: sweepEntered,
    runs: sweepRuns,
    containers,
    networks,
    images: syncImages,
    repositories: removeRepositories,
    logs: sweepKeptLogs,
  }
  for (const [part, remove] of Object.entries(parts))
    await remove(instance).catch((error: unknown) => instance.log.error({ err: error }, `could not remove orphaned ${part}`))
}

/** Containers of apps that are gone, and those that should have ended with the process of control that made them. */
async function orphanContainers(instance: Instance): Promise<ContainerInfo[]> {
  const filters = { label: [`${label.instance}=${instance.settings.name}`] }
  const found = await instance.engine.listContainers({ all: true, filters })
  const apps = ids(instance)
  return found.filter((info) => {
    const { Labels: labels } = info
    if (!isGenuine(instance, info)) return false
    if (label.session in labels) return labels[label.session] !== instance.session
    return label.app in labels && !apps.has(String(ownerOf(instance, labels)))
  })
}

/** Networks of single apps that are gone. */
async function orphanNetworks(instance: Instance): Promise<string[]> {
  const filters = { label: [`${label.instance}=${instance.settings.name}`] }
  const found = await instance.engine.listNetworks({ filters: JSON.stringify(filters) })
  const owned = new Set([...ids(instance)].flatMap((id) => appNetworks(instance, id)))
  const names = found.map(({ Name: name }) => name)
  return names.filter((name) => appNetworks(instance, /\d+$/.exec(name)?.[0] ?? '').includes(name) && !owned.has(name))
}

/** What belongs to no app now, by name. */
export async function findOrphans(instance: Instance): Promise<{ containers: string[]; networks: string[] }> {
  const containers = await orphanContainers(instance)
  return { containers: containers.map(({ Id, Names: [name] }) => name?.slice(1) ?? Id), networks: await orphanNetworks(instance) }
}

async function containers(instance: Instance): Promise<void> {
  const removed = (await orphanContainers(instance))
    .map((info) => appContainer(info, undefined))
    .map((one) => (one.process === 'web' ? retireContainer(instance, one) : removeContainer(instance, one)))
  await Promise.all(removed)
}

async function networks(instance: Instance): Promise<void> {
  const orphans = await orphanNetworks(instance)
  await Promise.all(orphans.map((name) => removeNetwork(instance.engine, name, instance.settings.name)))
}

const former = 'repository of a former app:'

/** In the transaction that destroys an app: its repository goes, even if control dies first. */
export function forsakeRepository(instance: Instance, appId: number): void {
  pledge(instance.db, former, String(appId))
}

/** Only those of apps that were destroyed: one that no app knows may be newer than a database that was put back. */
export async function removeRepositories(instance: Instance): Promise<void> {
  for (const { key: id } of pledged(instance.db, former)) {
    await instance.repositories.remove(id)
    redeem(instance.db, former, id)
  }
}

function ids(instance: Instance): Set<string> {
  return new Set(allApps(instance).map(({ id }) => String(id)))
}
