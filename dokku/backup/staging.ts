import { createWriteStream } from 'node:fs'
import { cp, mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { repositories } from '#gitreceive'
import { UserError } from '#lib/errors.ts'
import { isThere, writeWhole } from '#lib/files.ts'
import { loadImages } from '../load-image.ts'
import { openState, type State } from '../state.ts'
import { unbundle } from './bundles.ts'
import { databasePart } from './database-part.ts'
import { disclose, type Keys } from './envelope.ts'
import { folders, unpackFolder } from './folders.ts'
import { type Manifest, manifestPart, parseManifest } from './manifest.ts'
import { type Part, readParts } from './parts.ts'
import { guarded } from './room.ts'
import { openSecrets, secretPart } from './secret-part.ts'
import type { Host } from './volume-archive.ts'

/** Where a restore puts what it reads, as the volume of control has it, until all of it is there. */
export const stagingFolder = 'restore'

/** What a restore does with the parts of an archive. */
export interface Taking {
  host: Host
  dataDir: string
  /** What may open it. */
  keys: Keys
  /** May hand in the key of the secrets. */
  env: NodeJS.ProcessEnv
  say: (line: string) => void
  /** Looks at what is in it before anything is taken; answers which apps are wanted, and what the engine shall call their volumes. */
  begin: (manifest: Manifest) => Promise<Wanted>
  /** The database, migrated, in a folder of its own: anything that must be known before the rest is taken. */
  database?: (state: State, manifest: Manifest) => Promise<void>
  /** What opens the SSH door, and other repositories, where it was in it. */
  secrets?: (tars: { hostKeys: Buffer; deployKey: Buffer }) => Promise<void>
  /** Lets the images be loaded. */
  images: (load: () => Promise<void>) => Promise<void>
  volume: (name: string, tar: Readable) => Promise<void>
}

export interface Wanted {
  apps: ReadonlySet<number>
  volumes: ReadonlySet<string>
  files: boolean
}

/**
 * Takes everything out of a backup that is wanted: images into the engine, volumes where `volume` puts them, all else into the staging folder. Nothing that was there
 * before is changed. Throws for whatever is not as it was written, `no-room` where the disk would be full.
 */
export async function takeBackup(archive: Readable, taking: Taking): Promise<Manifest> {
  const folder = join(taking.dataDir, stagingFolder)
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const tar = await disclose(archive, taking.keys)
  try {
    return await takeParts(tar, folder, taking)
  } finally {
    tar.destroy()
  }
}

async function takeParts(tar: Readable, folder: string, taking: Taking): Promise<Manifest> {
  const { say } = taking
  let manifest: Manifest | undefined
  let wanted: Wanted | undefined
  for await (const part of readParts(tar)) {
    if (manifest === undefined || wanted === undefined) {
      if (part.name !== manifestPart)
        throw new UserError('broken-archive', 'the backup cannot be used: it does not begin with what is in it')
      manifest = parseManifest((await small(part)).toString())
      wanted = await taking.begin(manifest)
      say(`A backup of ${manifest.app ?? `the instance ${manifest.instance}`}, made ${manifest.createdAt} by dokku ${manifest.version}`)
      continue
    }
    await take(part, { manifest, wanted, folder, taking })
  }
  if (manifest === undefined) throw new UserError('broken-archive', 'the backup cannot be used: there is nothing in it')
  return manifest
}

interface Step {
  manifest: Manifest
  wanted: Wanted
  folder: string
  taking: Taking
}

async function take(part: Part, { manifest, wanted, folder, taking }: Step): Promise<void> {
  const [kind, name = ''] = part.name.split('/')
  const stream = guarded(part.content, taking.dataDir)
  if (kind === secretPart) {
    const { keys, ...tars } = await openSecrets(await small(part), taking.keys)
    for (const key of keys) await writeWhole(join(folder, 'secrets', `${key.id}.key`), `${key.bytes.toString('base64')}\n`)
    await taking.secrets?.(tars)
  } else if (kind === databasePart) {
    await pipeline(stream, createWriteStream(join(folder, 'dokku.sqlite'), { mode: 0o600 }))
    taking.say('Reading the database')
    await borrowKeys(taking.dataDir, folder)
    const state = await openState(folder, '', taking.env)
    try {
      await taking.database?.(state, manifest)
      state.db.script('PRAGMA journal_mode = DELETE')
    } finally {
      state.db.close()
    }
  } else if (kind === 'images') {
    taking.say('Loading images')
    await taking.images(() => loadImages(taking.host.engine, stream))
  } else if (kind === 'repositories' && wanted.apps.has(Number(name))) {
    const bundle = join(folder, 'bundle')
    await pipeline(stream, createWriteStream(bundle))
    const objects = manifest.apps.find(({ id }) => id === Number(name))?.objects
    const made = await repositories(join(folder, 'repositories'), { hooksPath: '/run/dokku/git-hooks' }).ensure(name, objects)
    await unbundle(bundle, made)
    await rm(bundle)
  } else if (kind === 'volumes' && wanted.volumes.has(name)) {
    taking.say(`Filling the volume ${name}`)
    await taking.volume(name, stream)
  } else if (kind === 'files' && wanted.files && folders.some((one) => one === name)) await unpackFolder(stream, join(folder, 'files'))
}

/** A backup that carries no key opens where its key is. */
async function borrowKeys(dataDir: string, folder: string): Promise<void> {
  const own = join(dataDir, 'secrets')
  if (await isThere(own)) await cp(own, join(folder, 'secrets'), { recursive: true, force: false })
}

/** The bytes of a part that is short by what it is. */
async function small({ content, name }: Part): Promise<Buffer> {
  const pieces: Uint8Array[] = []
  let length = 0
  for await (const piece of content) {
    length += piece.length
    if (length > 16 * 1024 ** 2) throw new UserError('broken-archive', `the backup cannot be used: ${name} is too long`)
    pieces.push(piece)
  }
  return Buffer.concat(pieces)
}
