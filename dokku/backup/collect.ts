import { createReadStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { open } from '#lib/database.ts'
import { UserError } from '#lib/errors.ts'
import { type App, allApps, isThere } from '../app.ts'
import { listAttachable } from '../attached-networks.ts'
import { type Instance, objectNames } from '../instance.ts'
import { version } from '../version.ts'
import { bundleOf } from './bundles.ts'
import { copyOfApp, copyWhole, databasePart } from './database-part.ts'
import type { Lock } from './envelope.ts'
import { deployKeyTar, folders, folderTar } from './folders.ts'
import { type KeyKind, type Manifest, manifestPart } from './manifest.ts'
import type { Part } from './parts.ts'
import { readPaused } from './paused.ts'
import { countRows } from './rows.ts'
import { pinImages, saveImages } from './saved-images.ts'
import { packSecrets, secretPart } from './secret-part.ts'
import { type Host, holdingVolume, readVolume } from './volume-archive.ts'
import { type VolumeReader, volumeReader } from './volume-reader.ts'
import { type ChosenVolume, chooseVolumes } from './volumes.ts'

export const leavable = ['images', 'repositories', 'volumes'] as const
export type Leavable = (typeof leavable)[number]

/** What a backup is to hold. */
export interface Scope {
  /** The one app that it is of; undefined is all of them, and what they share. */
  app: App | undefined
  without: ReadonlySet<Leavable>
  key: KeyKind
  lock: Lock | undefined
}

/** What is in a backup, as its parts, read while they are asked for; nothing that it names goes away until `release`. */
export interface Collected {
  manifest: Manifest
  parts: AsyncIterable<Part>
  release(): Promise<void>
}

type HeldVolume = ChosenVolume & { reader: VolumeReader }

/** Takes hold of everything that a backup is to hold, as it is now. `warn` is told what of it is not as it should be. */
export async function collect(instance: Instance, scope: Scope, warn: (text: string) => void): Promise<Collected> {
  const { app, without } = scope
  const { name, dataDir } = instance.settings
  const host: Host = { engine: instance.engine, image: instance.image, session: instance.session, name }
  const held: (() => Promise<unknown>)[] = []
  const release = async () => void (await Promise.all(held.splice(0).map((letGo) => letGo())))
  try {
    const folder = await mkdtemp(join(dataDir, '.backup-'))
    held.push(() => rm(folder, { recursive: true, force: true }))
    const apps = app === undefined ? allApps(instance) : [app]
    const images = await pinImages(instance, without.has('images') ? [] : apps)
    held.push(images.release)
    const { chosen, missing } = without.has('volumes') ? { chosen: [], missing: [] } : await chooseVolumes(instance, app)
    const volumes: HeldVolume[] = []
    for (const one of chosen) {
      const reader = await volumeReader(instance, one.volume)
      held.push(reader.remove)
      volumes.push({ ...one, reader })
    }
    const copy = join(folder, 'dokku.sqlite')
    const keys = app === undefined ? await copyWhole(instance, copy) : [await copyOfApp(instance, app, copy)]
    const manifest: Manifest = {
      format: 1,
      version,
      instance: name,
      app: app?.name ?? null,
      createdAt: new Date().toISOString(),
      key: scope.key,
      apps: await Promise.all(apps.map(async (one) => ({ id: one.id, name: one.name, objects: await objectsOf(one) }))),
      volumes: chosen.map((one) => ({ name: one.name, apps: one.apps.map((by) => by.name) })),
      networks: app === undefined ? await networksOf(instance) : [],
      rows: rowsIn(copy),
      missing: [...images.missing, ...missing, ...[...without].map((what) => `${what}: left out as asked`)],
    }
    const secrets = async () => {
      const shared = app === undefined ? { hostKeys: await hostKeys(host), deployKey: await deployKeyTar(dataDir) } : {}
      return scope.key === 'none' ? undefined : await packSecrets({ keys, ...shared }, scope.key, scope.lock)
    }
    return { manifest, parts: parts(), release }

    async function* parts(): AsyncGenerator<Part> {
      yield { name: manifestPart, content: Readable.from([Buffer.from(JSON.stringify(manifest))]) }
      const sealed = await secrets()
      if (sealed !== undefined) yield { name: secretPart, content: Readable.from([sealed]) }
      yield { name: databasePart, content: createReadStream(copy) }
      if (images.ids.length > 0) yield { name: 'images', content: await saveImages(instance.engine, images.ids) }
      for (const one of without.has('repositories') ? [] : apps) {
        const bundle = await bundleOf(instance.repositories.path(String(one.id)), join(folder, `${one.id}.bundle`)).catch(
          (error: unknown) => {
            if (isThere(one)) throw error
            if (app !== undefined) throw new UserError('app-missing', `${one.name} was destroyed during its backup`, { cause: error })
            warn(`${one.name} was destroyed meanwhile: it is without its repository`)
          },
        )
        if (bundle) yield { name: `repositories/${one.id}`, content: bundle }
      }
      for (const one of volumes) yield { name: `volumes/${one.name}`, content: bytesOf(one), packed: true }
      for (const of of app === undefined ? folders : []) {
        const content = await folderTar(dataDir, of)
        if (content !== undefined) yield { name: `files/${of}`, content }
      }
    }
  } catch (error) {
    await release()
    throw error
  }

  async function* bytesOf(one: HeldVolume): AsyncGenerator<Uint8Array> {
    await one.reader.start()
    if (one.way === 'live') yield* one.reader.read()
    else
      yield* readPaused(
        instance,
        one,
        () => one.reader.read(),
        () => warn(`${one.name} took long to read: its containers were let run before the end`),
      )
  }
}

/** The hash by which the objects of an app's repository are named. */
async function objectsOf({ instance, id }: App): Promise<'sha1' | 'sha256'> {
  return await instance.repositories.formatOf(String(id))
}

async function networksOf(instance: Instance): Promise<string[]> {
  return (await listAttachable(instance)).filter(({ ours }) => ours).map((one) => one.name)
}

function rowsIn(copy: string): Record<string, number> {
  const db = open(copy)
  try {
    return countRows(db)
  } finally {
    db.script('PRAGMA journal_mode = DELETE')
    db.close()
  }
}

/** By which everybody knows the SSH door. */
async function hostKeys(host: Host): Promise<Buffer> {
  return await holdingVolume(host, objectNames(host.name).volumes.hostKeys, async (helper) => await buffer(await readVolume(helper)))
}
