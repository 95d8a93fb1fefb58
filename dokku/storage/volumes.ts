import { hasStatus } from '#lib/docker.ts'
import { UserError } from '#lib/errors.ts'
import { type App, allApps, numberedApp } from '../app.ts'
import { label, stageOf } from '../container.ts'
import { glance } from '../glance.ts'
import type { Instance } from '../instance.ts'
import { mountsOf, volumeOf } from './mounts.ts'

/** A volume that keeps data of apps. */
export interface StoredVolume {
  name: string
  /** What the engine calls it. */
  volume: string
  /** Where it lies on the host. */
  path: string
  /** The app that it was made for, where that is still there. */
  owner: App | undefined
  createdAt: string
}

/** On a volume for data of apps: its name. */
export const storageLabel = 'dokku.storage'

/** How long containers that are being retired may take to let go of a volume, in milliseconds. */
const leavingMs = 90_000

/** All there are, by name. */
export async function listVolumes(instance: Instance): Promise<StoredVolume[]> {
  const filters = { label: [`${label.instance}=${instance.settings.name}`, storageLabel] }
  const { Volumes: found } = await instance.engine.listVolumes({ filters: JSON.stringify(filters) })
  return (found ?? []).map((info) => stored(instance, info)).sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** UserError `no-such-volume`. */
export async function findVolume(instance: Instance, name: string): Promise<StoredVolume> {
  const found = await maybeVolume(instance, name)
  if (found !== undefined) return found
  throw new UserError('no-such-volume', `there is no volume ${name}`, { hint: 'storage:list-entries shows them; storage:create makes one' })
}

export async function maybeVolume(instance: Instance, name: string): Promise<StoredVolume | undefined> {
  try {
    const info = await instance.engine.getVolume(volumeOf(instance.settings.name, name)).inspect()
    if (info.Labels?.[storageLabel] === name) return stored(instance, info)
    throw new UserError('volume-taken', `the volume ${info.Name} is not dokku’s, and stays as it is`, { hint: 'choose another name' })
  } catch (error) {
    if (hasStatus(error, 404)) return undefined
    throw error
  }
}

/** Makes a volume, for an app where it is one's; one that is there stays as it is. */
export async function ensureVolume(instance: Instance, name: string, app?: App): Promise<StoredVolume> {
  const found = await maybeVolume(instance, name)
  if (found !== undefined) return found
  const owner = app === undefined ? {} : { [label.id]: String(app.id) }
  await instance.engine.createVolume({
    Name: volumeOf(instance.settings.name, name),
    Labels: { [label.instance]: instance.settings.name, [storageLabel]: name, ...owner },
  })
  return await findVolume(instance, name)
}

/** Removes a volume with its data: UserError `storage-in-use` while an app mounts it, or a container has it. */
export async function removeVolume(instance: Instance, name: string): Promise<void> {
  const { volume } = await findVolume(instance, name)
  const apps = mountedBy(instance, name)
  if (apps.length > 0)
    throw new UserError('storage-in-use', `${name} is mounted by ${apps.map((one) => one.name).join(', ')}`, {
      hint: `storage:unmount ${apps[0]?.name} ${name}:/path`,
    })
  await untilLeft(instance, volume)
  await instance.engine
    .getVolume(volume)
    .remove()
    .catch((error: unknown) => {
      if (!hasStatus(error, 409)) throw error
      throw new UserError('storage-in-use', `a container still has ${name}`, { hint: 'try again once it has ended' })
    })
}

/** Waits for containers that are on their way out. */
async function untilLeft({ engine }: Instance, volume: string): Promise<void> {
  const found = await engine.listContainers({ all: true, filters: { volume: [volume] } })
  const leaving = found.filter(({ Names: names }) => stageOf(names[0]?.slice(1) ?? '') === 'retiring')
  const abortSignal = AbortSignal.timeout(leavingMs)
  // One that is gone by now, or stays, is no error of the wait.
  await Promise.allSettled(leaving.map(({ Id: id }) => engine.getContainer(id).wait({ condition: 'removed', abortSignal })))
}

/** The apps whose next release mounts a volume. */
export function mountedBy(instance: Instance, name: string): App[] {
  return allApps(instance).filter((app) => mountsOf(app).some(({ source }) => source === name))
}

/** Gives all of a volume to a user and group, by numbers. */
export async function chownVolume(instance: Instance, { volume }: StoredVolume, owner: string): Promise<void> {
  const argv = ['chown', '--recursive', '--no-dereference', owner, '/volume']
  const said = await glance(instance, argv, {
    network: 'none',
    binds: [`${volume}:/volume`],
    capabilities: ['CHOWN', 'DAC_OVERRIDE', 'FOWNER'],
  })
  if (said.length > 0) throw new UserError('volume-owner', `the volume keeps its owner: ${said[0]}`)
}

function stored(
  instance: Instance,
  info: { Name: string; Mountpoint: string; Labels?: Record<string, string> | null; CreatedAt?: string },
): StoredVolume {
  const { [storageLabel]: name = '', [label.id]: id } = info.Labels ?? {}
  const owner = id === undefined ? undefined : numberedApp(instance, Number(id))
  return { name, volume: info.Name, path: info.Mountpoint, owner, createdAt: info.CreatedAt ?? '' }
}
