import type { App } from '../app.ts'
import { allApps } from '../app.ts'
import { computedProperty } from '../computed-property.ts'
import type { Instance } from '../instance.ts'
import { mountsOf } from '../storage/mounts.ts'
import { listVolumes, mountedBy } from '../storage/volumes.ts'
import { type VolumeWay, volumeWays } from './manifest.ts'

/** A volume that a backup is to hold. */
export interface ChosenVolume {
  name: string
  /** What the engine calls it. */
  volume: string
  way: Exclude<VolumeWay, 'skip'>
  /** Those that mount it. */
  apps: App[]
}

/** The volumes of all apps, or those that one mounts, and what is left out of them, in words. */
export async function chooseVolumes(instance: Instance, app: App | undefined): Promise<{ chosen: ChosenVolume[]; missing: string[] }> {
  const apps = app === undefined ? allApps(instance) : [app]
  const mounts = new Set(apps.flatMap((one) => mountsOf(one).map(({ source }) => source)))
  const missing = [...mounts].filter((source) => source.startsWith('/')).map((path) => `${path} of the host: only volumes are backed up`)
  const chosen: ChosenVolume[] = []
  for (const { name, volume } of await listVolumes(instance)) {
    if (app !== undefined && !mounts.has(name)) continue
    const mounting = mountedBy(instance, name)
    const way = wayOf(instance, mounting)
    if (way === 'skip') missing.push(`the volume ${name}: backup:set says skip`)
    else chosen.push({ name, volume, way, apps: mounting })
  }
  return { chosen, missing }
}

/** The most careful of what its apps say. */
function wayOf(instance: Instance, apps: readonly App[]): VolumeWay {
  const said = apps.length === 0 ? [instance.properties.get('backup volumes')] : apps.map((app) => computedProperty(app, 'backup volumes'))
  return volumeWays.find((way) => said.some((one) => (one ?? 'pause') === way)) ?? 'pause'
}
