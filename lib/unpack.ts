import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { unpackTar } from 'modern-tar/fs'
import { type ArchiveHeader, type ArchiveLimits, archiveLimits, atMost, badArchive, entryCheck } from './archive.ts'
import { messageOf, UserError } from './errors.ts'
import { gzipMagic, peek } from './peek.ts'

/**
 * Unpacks a tar, gzipped or not, into an empty folder; UserError `bad-archive` for what is none, or leads out of the folder, or is
 * too much.
 */
export async function unpack(archive: Readable, dir: string, limits = archiveLimits): Promise<void> {
  // No setuid, and nothing that only its owner could remove.
  const tame = <T extends { mode?: number; type?: string }>(header: T): T => ({
    ...header,
    mode: ((header.mode ?? 0o644) & 0o755) | 0o600 | (header.type === 'directory' ? 0o111 : 0),
  })
  try {
    const { magic, whole } = await peek(archive)
    const unzip = magic === gzipMagic ? [createGunzip()] : []
    const write = unpackTar(dir, { filter: check(limits), map: tame, strict: true })
    await pipeline([whole, ...unzip, atMost(limits.bytes), write])
  } catch (error) {
    if (error instanceof UserError) throw error
    throw badArchive(messageOf(error), error)
  }
}

/** Looks at entries; what they say of their size is believed where it is too much, before anything of it is written. */
function check(limits: ArchiveLimits): (header: ArchiveHeader & { size: number }) => boolean {
  const taken = entryCheck(limits)
  let left = limits.bytes
  return (header) => {
    left -= header.size
    if (left < 0) throw badArchive(`it holds more than ${limits.bytes} bytes`)
    return taken(header)
  }
}
