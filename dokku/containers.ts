import { randomBytes } from 'node:crypto'
import type { ContainerInfo, ImageInspectInfo } from 'dockerode'
import { hasStatus } from '#lib/docker.ts'
import { UserError } from '#lib/errors.ts'
import type { Output } from '#lib/output.ts'
import type { Around } from '#plugn'
import { freeAddress, leaseAddress } from './addresses.ts'
import { type App, maybeApp } from './app.ts'
import { networkOf } from './app-network.ts'
import { type AppContainer, appContainer, containerOptions, label, type Wanted } from './container.ts'
import { containerName, type Instance } from './instance.ts'
import { allLinks, ensureLinks } from './links.ts'
import { maxSizeOf } from './logs/max-size.ts'
import { makeContainer } from './make-container.ts'
import type { AppNetwork } from './networks.ts'
import { mainPort } from './ports.ts'
import type { Release } from './release.ts'
import { parseRestartPolicy, restartPolicyOf } from './restart-policy.ts'
import { imageFor, imagesOf } from './services.ts'
import { together } from './together.ts'

/** How long the engine may take to remove a container that it removes already. */
const removalMs = 30_000

/** The deployed containers of an app, running or not, retiring ones too: by its number, and those of 0.1.0 by its name. */
export async function containersOf(app: App): Promise<AppContainer[]> {
  const all = together('containers', () => allContainers(app.instance))
  if (all !== undefined) return (await all).get(app.id) ?? []
  const found = await Promise.all([
    listContainers(app.instance, { [label.id]: String(app.id), [label.type]: 'deploy' }),
    listContainers(app.instance, { [label.app]: app.name, [label.type]: 'deploy' }),
  ])
  const own = found.flat().filter(({ appId }) => appId === app.id)
  return [...new Map(own.map((one) => [one.id, one])).values()].sort(byProcess)
}

async function allContainers(instance: Instance): Promise<Map<number | undefined, AppContainer[]>> {
  return Map.groupBy(await listContainers(instance, { [label.type]: 'deploy' }), ({ appId }) => appId)
}

/** Containers of this instance with these labels, by process type and index. */
export async function listContainers(instance: Instance, labels: Record<string, string>): Promise<AppContainer[]> {
  const wanted = { [label.instance]: instance.settings.name, ...labels }
  const found = await instance.engine.listContainers({
    all: true,
    filters: { label: Object.entries(wanted).map(([key, value]) => `${key}=${value}`) },
  })
  return found
    .filter((info) => isGenuine(instance, info))
    .map((info) => appContainer(info, ownerOf(instance, info.Labels)))
    .sort(byProcess)
}

function byProcess(a: AppContainer, b: AppContainer): number {
  return a.process < b.process ? -1 : a.process > b.process ? 1 : a.index - b.index
}

/** Labels come along in an image that somebody committed from a container of ours; its network does not. */
export function isGenuine({ settings }: Instance, { Labels: labels, HostConfig: host }: ContainerInfo): boolean {
  return !labels[label.address] || host.NetworkMode.startsWith(`${settings.name}-app`)
}

/** The number of the app that these labels name. Version 0.1.0 wrote only its name. */
export function ownerOf(instance: Instance, labels: Record<string, string | undefined>): number | undefined {
  const { [label.id]: id, [label.app]: name } = labels
  return id === undefined ? maybeApp(instance, name ?? '')?.id : Number(id)
}

/** What the containers of a release have in common on the engine. */
export interface Ground {
  /** Of a process type. */
  image(process: string): ImageInspectInfo
  network: AppNetwork
  /** The network on which its services find each other, and what the app is linked to, where there is any of it. */
  links: string | undefined
}

/** UserError `image-gone` when somebody removed an image of the release, and those of links. */
export async function groundOf(app: App, release: Release, link = ensureLinks): Promise<Ground> {
  const linked = allLinks(release)
  const ids = [...new Set([release.image, ...Object.values(imagesOf(release.manifest))])]
  const [images, network, links] = await Promise.all([
    Promise.all(ids.map(async (id) => [id, await inspectImage(app, release, id)] as const)),
    networkOf(app.instance, app.id),
    linked.length === 0 && release.manifest.services === undefined ? undefined : link(app, linked),
  ])
  const byId = new Map(images)
  const image = (process: string) => {
    const found = byId.get(imageFor(release, process))
    if (found === undefined) throw new Error(`nobody looked at the image of ${process}`)
    return found
  }
  return { image, network, links }
}

/** Creates and starts one container under a name of its own until it serves. A failed start leaves nothing. */
export async function startContainer(
  app: App,
  release: Release,
  wanted: Wanted,
  { image, network, links }: Ground,
  around?: Partial<Around>,
): Promise<AppContainer> {
  const { instance } = app
  const { settings, db } = instance
  const name = `${containerName(settings.name, app.name, wanted.process, wanted.index)}.upcoming-${randomBytes(4).toString('hex')}`
  const address = leaseAddress(db, network.subnet, name)
  const options = containerOptions({
    instance: settings.name,
    app: { id: app.id, name: app.name },
    release,
    image: image(wanted.process),
    ...wanted,
    network: network.name,
    address,
    memory: instance.appMemory,
    logBytes: maxSizeOf(app),
    port: mainPort(app),
  })
  try {
    const wish = { phase: 'deploy', process: wanted.process, options: { ...options, name }, links } as const
    const { container, start } = await makeContainer(app, release, wish, around)
    try {
      await start()
    } catch (error) {
      await container.remove({ force: true })
      throw error
    }
    return {
      id: container.id,
      name,
      appId: app.id,
      ...wanted,
      version: release.version,
      address,
      port: Number(options.Labels?.[label.port]),
      state: 'running',
      stage: 'upcoming',
    }
  } catch (error) {
    freeAddress(db, address)
    throw error
  }
}

/** An image of a release as the engine has it. */
async function inspectImage(app: App, release: Release, id: string): Promise<ImageInspectInfo> {
  try {
    return await app.instance.engine.getImage(id).inspect()
  } catch (error) {
    if (!hasStatus(error, 404)) throw error
    throw new UserError(
      'image-gone',
      `the image of ${app.name} v${release.version} (${release.description}) is no longer on this machine`,
      {
        hint: 'somebody removed it: push the commit again, or roll back to a release whose image is there',
      },
    )
  }
}

/** Starts a container that ended or is paused; one that runs is left alone. */
export async function reviveContainer(instance: Instance, { id, state }: AppContainer): Promise<void> {
  const container = instance.engine.getContainer(id)
  if (state === 'paused') await container.unpause()
  else if (state !== 'running')
    await container.start().catch((error: unknown) => {
      if (!hasStatus(error, 304)) throw error
    })
}

/** Removes a container and frees its address; one that is gone already is fine, and one that is being removed is waited for. */
export async function removeContainer(instance: Instance, container: Pick<AppContainer, 'id' | 'address'>): Promise<void> {
  const handle = instance.engine.getContainer(container.id)
  try {
    await handle.remove({ force: true, v: true }).catch((error: unknown) => {
      if (!hasStatus(error, 409)) throw error
      return handle.wait({ condition: 'removed', abortSignal: AbortSignal.timeout(removalMs) })
    })
  } catch (error) {
    if (!hasStatus(error, 404)) throw error
  }
  freeAddress(instance.db, container.address)
}

/** Renames a container and says whether it has the name now; a container that is gone is left to the next convergence. */
export async function renameContainer({ engine }: Instance, { id }: Pick<AppContainer, 'id'>, name: string): Promise<boolean> {
  try {
    await engine.getContainer(id).rename({ name })
    return true
  } catch (error) {
    if (!hasStatus(error, 404, 409)) throw error
    return hasStatus(error, 404)
  }
}

/**
 * Gives a container that serves its final name, and from now on the engine starts it again when it crashes. Where a
 * stranger has the name, it gets one of its own, until a later convergence finds the name free.
 */
export async function settleContainer(app: App, container: AppContainer, output: Output): Promise<void> {
  const name = finalName(app, container)
  if (container.name === name) return
  if (container.stage !== 'serving') await applyRestartPolicy(app, container)
  if (await renameContainer(app.instance, container, name)) return
  const instead = `${name}.${container.id.slice(0, 12)}`
  if (container.name === instead) return
  await renameContainer(app.instance, container, instead)
  output.warn(`The name ${name} is taken by a container that is not of ${app.name}: ours is ${instead}`)
}

export function finalName(app: App, { process, index }: Pick<AppContainer, 'process' | 'index'>): string {
  return containerName(app.instance.settings.name, app.name, process, index)
}

/** Tells the engine what to do when a container of the app ends. */
export async function applyRestartPolicy(app: App, { id }: Pick<AppContainer, 'id'>): Promise<void> {
  await app.instance.engine.getContainer(id).update({ RestartPolicy: parseRestartPolicy(restartPolicyOf(app)) })
}
