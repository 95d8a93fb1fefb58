import { readdir, rename, rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { unpackTar } from 'modern-tar/fs'
import { archiveLimits, atMost, badArchive, entryCheck } from '#lib/archive.ts'
import { UserError } from '#lib/errors.ts'

/** Unpacks a gzipped tar into an empty folder; UserError `bad-archive` for what is none, or leads out of the folder, or is too much. */
export async function unpack(archive: Readable, dir: string, limits = archiveLimits): Promise<void> {
  // No setuid, and nothing that only its owner could remove.
  const tame = <T extends { mode?: number; type?: string }>(header: T): T => ({
    ...header,
    mode: ((header.mode ?? 0o644) & 0o755) | 0o600 | (header.type === 'directory' ? 0o111 : 0),
  })
  try {
    await pipeline(archive, createGunzip(), atMost(limits.bytes), unpackTar(dir, { filter: entryCheck(limits), map: tame, strict: true }))
  } catch (error) {
    if (error instanceof UserError) throw error
    throw badArchive(error instanceof Error ? error.message : String(error), error)
  }
}

/** Takes the only folder of a folder away, and leaves what it holds, dotfiles too. */
export async function hoist(dir: string): Promise<void> {
  const [only, ...more] = await readdir(dir, { withFileTypes: true })
  if (only === undefined || more.length > 0 || !only.isDirectory()) return
  // Under a name that nothing in it has.
  const aside = join(dir, `.${only.name}.hoisted`)
  await rename(join(dir, only.name), aside)
  for (const name of await readdir(aside)) await rename(join(aside, name), join(dir, name))
  await rmdir(aside)
}
