import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import * as z from 'zod'
import { hasStatus } from '#lib/docker.ts'
import { UserError } from '#lib/errors.ts'
import { isThere, writeWhole } from '#lib/files.ts'
import { label } from '../container.ts'
import { volumeOf } from '../storage/mounts.ts'
import { storageLabel } from '../storage/volumes.ts'
import { type Host, holdingVolume, writeVolume } from './volume-archive.ts'

/** Names of volumes that a restore makes: they go again unless it comes to its end, however it ended. */
const list = (folder: string) => join(folder, 'volumes.json')

/** Makes a volume for apps, and fills it. */
export async function fillVolume(host: Host, folder: string, name: string, tar: Readable): Promise<void> {
  const made = await madeBefore(folder)
  await writeWhole(list(folder), JSON.stringify([...made, name]))
  const volume = volumeOf(host.name, name)
  await host.engine.createVolume({ Name: volume, Labels: { [label.instance]: host.name, [storageLabel]: name } })
  await holdingVolume(host, volume, (helper) => writeVolume(helper, tar))
}

/** Removes the volumes that a restore made which did not come to its end. */
export async function dropVolumes({ engine, name }: Host, folder: string): Promise<void> {
  for (const one of await madeBefore(folder))
    await engine
      .getVolume(volumeOf(name, one))
      .remove({ force: true })
      .catch((error: unknown) => {
        if (!hasStatus(error, 404)) throw error
      })
  await rm(list(folder), { force: true })
}

/** UserError `volume-taken` when there is a volume already that would have to be filled. */
export async function assertVolumesFree({ engine, name }: Host, names: readonly string[]): Promise<void> {
  for (const one of names)
    if (await volumeThere({ engine, name }, one))
      throw new UserError('volume-taken', `there is a volume ${volumeOf(name, one)} already, and its data stays as it is`, {
        hint: `docker volume rm ${volumeOf(name, one)}, if nothing in it is needed`,
      })
}

export async function volumeThere({ engine, name }: Pick<Host, 'engine' | 'name'>, one: string): Promise<boolean> {
  try {
    await engine.getVolume(volumeOf(name, one)).inspect()
    return true
  } catch (error) {
    if (hasStatus(error, 404)) return false
    throw error
  }
}

async function madeBefore(folder: string): Promise<string[]> {
  return (await isThere(list(folder))) ? z.array(z.string()).parse(JSON.parse(await readFile(list(folder), 'utf8'))) : []
}
