import { createHash } from 'node:crypto'
import { PassThrough, Readable, type Transform } from 'node:stream'
import { text } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import * as z from 'zod'
import { chained } from '#lib/chained.ts'
import { UserError } from '#lib/errors.ts'
import { didYouMean } from '#lib/nearest.ts'
import { formatSize } from '#lib/size.ts'
import type { By } from '../by.ts'
import type { Instance } from '../instance.ts'
import { type Collected, collect, type Scope } from './collect.ts'
import { enclose, type Lock } from './envelope.ts'
import { packParts } from './parts.ts'
import type { Target } from './targets/target.ts'

/** What is known of a backup, beside it: who lists backups need not read them. */
const infoSchema = z.object({
  name: z.string(),
  /** The one app that it is of. */
  app: z.string().nullable(),
  apps: z.array(z.string()),
  createdAt: z.string(),
  finishedAt: z.string(),
  version: z.string(),
  bytes: z.int(),
  /** Of the archive, in hex. */
  sha256: z.string(),
  encrypted: z.boolean(),
  key: z.enum(['wrapped', 'plain', 'none']),
  parts: z.record(z.string(), z.object({ bytes: z.int(), sha256: z.string() })),
  missing: z.array(z.string()),
  /** The last proof by restoring it. */
  verified: z.object({ at: z.string(), problems: z.array(z.string()) }).optional(),
})

export type BackupInfo = z.infer<typeof infoSchema>

const [archive, beside] = ['.dokku-backup', '.json']

/** What is to become a backup, and where. */
export interface Making {
  scope: Scope
  /** As a whole, for whoever opens its lock. */
  encrypt: boolean
  to: Target | NodeJS.WritableStream
}

/** Makes a backup and hands it to a stream or a target; one at a target is read back before it counts. */
export async function makeBackup(instance: Instance, { scope, encrypt, to }: Making, by: By): Promise<BackupInfo> {
  const missing: string[] = []
  const warn = (line: string) => {
    missing.push(line)
    by.output.warn(line)
  }
  const make = async (): Promise<BackupInfo> => {
    const collected = await collect(instance, scope, warn)
    const { manifest } = collected
    try {
      for (const line of manifest.missing) by.output.warn(`Not in it: ${line}`)
      const name = 'put' in to ? await freeName(to, manifest.app, manifest.createdAt) : '-'
      const lock = encrypt ? scope.lock : undefined
      const written = await writeArchive(
        collected,
        lock,
        (content) => ('put' in to ? to.put(`${name}${archive}`, content) : pipeline(content, to, { end: false })),
        by,
      )
      const info: BackupInfo = {
        name,
        app: manifest.app,
        apps: manifest.apps.map((one) => one.name),
        createdAt: manifest.createdAt,
        finishedAt: new Date().toISOString(),
        version: manifest.version,
        ...written,
        encrypted: lock !== undefined,
        key: manifest.key,
        missing: [...manifest.missing, ...missing],
      }
      if (!('put' in to)) return info
      by.output.step(`Reading ${name} back`)
      await readBack(to, info)
      await to.put(`${name}${beside}`, Readable.from([Buffer.from(JSON.stringify(info))]))
      return info
    } finally {
      await collected.release()
    }
  }
  return await instance.inOrder('backup', make, () => by.output.step('Waiting for another backup to end'))
}

/** Makes the archive while `take` takes it; whatever goes wrong, nothing of it is read any more when this ends. */
async function writeArchive(
  { parts }: Collected,
  lock: Lock | undefined,
  take: (content: Readable) => Promise<void>,
  { output, signal }: By,
): Promise<Pick<BackupInfo, 'bytes' | 'sha256' | 'parts'>> {
  const digests: BackupInfo['parts'] = {}
  const { tar, ended } = packParts(parts, (part, digest) => {
    digests[part] = digest
    output.detail(`${part}  ${formatSize(digest.bytes)}`)
  })
  const { through, taken } = measured()
  const content = chained(await enclose(tar, lock), through)
  // What is wrong with it, whoever takes it sees; nobody may be there yet, or any more.
  for (const one of [tar, content]) one.on('error', () => undefined)
  const stop = () => tar.destroy(new UserError('interrupted', 'the backup was interrupted'))
  signal?.addEventListener('abort', stop, { once: true })
  try {
    await take(content)
    return { ...taken(), parts: digests }
  } finally {
    signal?.removeEventListener('abort', stop)
    tar.destroy()
    content.destroy()
    await ended
  }
}

/** All backups at a target, the newest first. */
export async function listBackups(target: Target): Promise<BackupInfo[]> {
  const names = (await target.list()).filter((name) => name.endsWith(beside))
  const found = await Promise.all(names.map((name) => readInfo(target, name.slice(0, -beside.length))))
  return found.filter((one) => one !== undefined).sort((a, b) => (a.createdAt < b.createdAt ? 1 : -1))
}

/** UserError `no-such-backup`. */
export async function findBackup(target: Target, name: string): Promise<BackupInfo> {
  const all = await listBackups(target)
  const found = all.find((one) => one.name === name)
  if (found !== undefined) return found
  throw new UserError('no-such-backup', `there is no backup ${name.slice(0, 80)} at ${target.url}`, {
    hint:
      didYouMean(
        name,
        all.map((one) => one.name),
      ) ?? 'backup:list shows them; --from names another place',
  })
}

/** The archive of a backup. */
export async function openBackup(target: Target, { name }: BackupInfo): Promise<Readable> {
  return await target.get(`${name}${archive}`)
}

/** What names it goes first: one that is half removed is no backup. */
export async function removeBackup(target: Target, { name }: BackupInfo): Promise<void> {
  await target.remove(`${name}${beside}`)
  await target.remove(`${name}${archive}`)
}

/** Writes down what a proof found. */
export async function recordProof(target: Target, info: BackupInfo, problems: string[]): Promise<BackupInfo> {
  const proved = { ...info, verified: { at: new Date().toISOString(), problems } }
  await target.put(`${info.name}${beside}`, Readable.from([Buffer.from(JSON.stringify(proved))]))
  return proved
}

/** UserError `not-as-written` where a target gives something else than it got. */
async function readBack(target: Target, info: BackupInfo): Promise<void> {
  const { through, taken } = measured()
  await pipeline(await openBackup(target, info), through, async (content) => {
    for await (const _ of content);
  })
  if (taken().sha256 === info.sha256) return
  await target.remove(`${info.name}${archive}`)
  throw new UserError('not-as-written', `${target.url} said that it took the backup, and does not have it as it was written`)
}

async function freeName(target: Target, app: string | null, at: string): Promise<string> {
  const name = `${app ?? 'instance'}-${at.replace(/\.\d+Z$/, 'Z').replaceAll(/[-:]/g, '')}`
  const there = new Set(await target.list())
  for (let number = 1; ; number++) {
    const one = number === 1 ? name : `${name}-${number}`
    if (!there.has(`${one}${archive}`) && !there.has(`${one}${beside}`)) return one
  }
}

async function readInfo(target: Target, name: string): Promise<BackupInfo | undefined> {
  try {
    const info = infoSchema.parse(JSON.parse(await text(await target.get(`${name}${beside}`))))
    return info.name === name ? info : undefined
  } catch (error) {
    if (error instanceof UserError) throw error
    return undefined
  }
}

/** Passes bytes on, and tells how many they were and their digest. */
function measured(): { through: Transform; taken: () => { bytes: number; sha256: string } } {
  const hash = createHash('sha256')
  let bytes = 0
  const through = new PassThrough({
    highWaterMark: 1024 ** 2,
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length
      hash.update(chunk)
      done(null, chunk)
    },
  })
  return { through, taken: () => ({ bytes, sha256: hash.copy().digest('hex') }) }
}
