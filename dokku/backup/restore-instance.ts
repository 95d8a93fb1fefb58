import { cp, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { hasStatus } from '#lib/docker.ts'
import { UserError } from '#lib/errors.ts'
import { isThere, sync, writeWhole } from '#lib/files.ts'
import { attachableLabels } from '../attached-networks.ts'
import { objectNames } from '../instance.ts'
import { volumeOf } from '../storage/mounts.ts'
import { version } from '../version.ts'
import type { Keys } from './envelope.ts'
import { folders, unpackFolder } from './folders.ts'
import { assertVolumesFree, dropVolumes, fillVolume } from './kept-volumes.ts'
import type { Manifest } from './manifest.ts'
import { type Expectation, proofFile } from './proof-file.ts'
import { isolate, renameVolumes } from './renamed-volumes.ts'
import { stagingFolder, takeBackup } from './staging.ts'
import { treeDigest } from './tree-digest.ts'
import { type Host, holdingVolume, writeVolume } from './volume-archive.ts'

/** Says that all of a backup has been read, and is to become what the instance is. */
const wholeMark = 'whole'

export interface Restoring {
  host: Host
  dataDir: string
  keys: Keys
  env: NodeJS.ProcessEnv
  say: (line: string) => void
  /** Write down what the instance has to be, for a proof. */
  proved?: boolean
}

/**
 * Reads a backup of an instance into an empty one: afterwards `finishRestore` makes it what the instance is. Whatever fails leaves
 * nothing behind. UserError `app-archive` for the backup of one app, `volume-taken`, and those of `takeBackup`.
 */
export async function readInstance(archive: Readable, { host, dataDir, keys, env, say, proved = false }: Restoring): Promise<Manifest> {
  const folder = join(dataDir, stagingFolder)
  const volumes: Record<string, string> = {}
  await dropVolumes(host, folder)
  try {
    const manifest = await takeBackup(archive, {
      host,
      dataDir,
      keys,
      env,
      say,
      begin: async ({ app, apps, volumes }) => {
        if (app !== null)
          throw new UserError('app-archive', `the backup holds the app ${app}, and no instance`, { hint: `apps:import ${app} < FILE` })
        const names = volumes.map(({ name }) => name)
        await assertVolumesFree(host, names)
        return { apps: new Set(apps.map(({ id }) => id)), volumes: new Set(names), files: true }
      },
      database: async ({ db }, { instance }) => {
        const prefix = volumeOf(instance, '')
        if (instance !== host.name)
          renameVolumes(db, (volume) => (volume.startsWith(prefix) ? volumeOf(host.name, volume.slice(prefix.length)) : volume))
        if (proved) isolate(db)
      },
      secrets: async ({ hostKeys, deployKey }) => {
        const volume = objectNames(host.name).volumes.hostKeys
        if (hostKeys.length > 0) await holdingVolume(host, volume, (helper) => writeVolume(helper, Readable.from([hostKeys])))
        if (deployKey.length > 0) await unpackFolder(Readable.from([deployKey]), join(folder, 'files'))
      },
      images: (load) => load(),
      volume: async (name, tar) => {
        if (!proved) return await fillVolume(host, folder, name, tar)
        const [one, other] = [new PassThrough(), new PassThrough()]
        tar.pipe(one)
        tar.pipe(other)
        tar.once('error', (error) => [one, other].map((copy) => copy.destroy(error)))
        const [digest] = await Promise.all([treeDigest(one), fillVolume(host, folder, name, other)])
        volumes[name] = digest
      },
    })
    for (const name of proved ? [] : manifest.networks) await ensureAttachable(host, name)
    // A migration may have changed how many there are, and what reaches others was left out.
    const { docker_options: _, ...counted } = manifest.rows
    const rows = manifest.version === version ? { rows: counted } : {}
    if (proved) await writeWhole(join(dataDir, proofFile), JSON.stringify({ ...rows, volumes } satisfies Expectation))
    await writeWhole(join(folder, wholeMark), JSON.stringify(manifest))
    return manifest
  } catch (error) {
    await forgetRestore(host, dataDir)
    throw error
  }
}

/**
 * Before the database is opened: what a restore has read becomes what the instance is, also where that was begun before. Answers whether there was one.
 */
export async function finishRestore(dataDir: string): Promise<boolean> {
  const folder = join(dataDir, stagingFolder)
  if (!(await isThere(join(folder, wholeMark)))) return false
  const into = async (name: string, from = folder) => {
    if (!(await isThere(join(from, name)))) return
    await rm(join(dataDir, name), { recursive: true, force: true })
    await rename(join(from, name), join(dataDir, name))
  }
  if (await isThere(join(folder, 'secrets'))) await cp(join(folder, 'secrets'), join(dataDir, 'secrets'), { recursive: true })
  await into('repositories')
  for (const name of folders) await into(name, join(folder, 'files'))
  // The log of another database would be taken for this one's.
  if (await isThere(join(folder, 'dokku.sqlite')))
    for (const part of ['-wal', '-shm']) await rm(join(dataDir, `dokku.sqlite${part}`), { force: true })
  await into('dokku.sqlite')
  await sync(dataDir)
  await rm(folder, { recursive: true, force: true })
  return true
}

/** Removes what a restore left that came to no end. */
export async function forgetRestore(host: Host, dataDir: string): Promise<void> {
  const folder = join(dataDir, stagingFolder)
  await dropVolumes(host, folder)
  await rm(folder, { recursive: true, force: true })
}

/** Is there an instance on a volume that a restore would take the place of? */
export async function holdsInstance(dataDir: string): Promise<boolean> {
  return (await isThere(dataDir)) && (await readdir(dataDir)).some((name) => name.startsWith('dokku.sqlite'))
}

async function ensureAttachable({ engine, name: instance }: Host, name: string): Promise<void> {
  const exists = await engine
    .getNetwork(name)
    .inspect()
    .then(
      () => true,
      (error: unknown) => {
        if (hasStatus(error, 404)) return false
        throw error
      },
    )
  if (!exists) await engine.createNetwork({ Name: name, CheckDuplicate: true, Driver: 'bridge', Labels: attachableLabels(instance, name) })
}
