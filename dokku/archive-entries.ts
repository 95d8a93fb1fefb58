import { posix } from 'node:path'
import { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { type Entry, openPromise } from 'yauzl'
import { type ArchiveLimits, atMost, badArchive, entryCheck } from '#lib/archive.ts'
import { readTar } from './read-tar.ts'

/** One file, program or link of an archive, under a path within it. */
export type ArchiveEntry =
  /** Its content is to be read before the next entry. */
  | {
      readonly kind: 'file' | 'program' | 'symlink'
      readonly path: string
      readonly size: number
      readonly content: AsyncIterable<Uint8Array>
    }
  /** The same as what an entry before it is. */
  | { readonly kind: 'copy'; readonly path: string; readonly of: string }

/** What a tar holds; folders, which git does not keep, are left out. UserError `bad-archive`. */
export async function* tarEntries(archive: Readable, compressed: boolean, limits: ArchiveLimits): AsyncGenerator<ArchiveEntry> {
  const check = entryCheck(limits)
  const through = [...(compressed ? [createGunzip()] : []), atMost(limits.bytes)]
  for await (const { header, body } of readTar(archive, ...through)) {
    const { name, size, mode = 0o644, type = 'file', linkname = '' } = header
    const path = posix.join(name)
    if (!check(header) || type === 'directory') await body.cancel()
    else if (type === 'file') yield { kind: mode & 0o100 ? 'program' : 'file', path, size, content: body }
    else {
      await body.cancel()
      yield type === 'symlink' ? symlink(path, Buffer.from(linkname)) : { kind: 'copy', path, of: posix.join(linkname) }
    }
  }
}

/** What a zip holds; it is read from a file, because what it holds stands at its end. UserError `bad-archive`. */
export async function* zipEntries(file: string, limits: ArchiveLimits): AsyncGenerator<ArchiveEntry> {
  const check = entryCheck(limits)
  let left = limits.bytes
  const zip = await openPromise(file, { lazyEntries: true })
  try {
    for await (const entry of zip.eachEntry()) {
      const { fileName: name, uncompressedSize: size } = entry
      const type = zipType(entry)
      if (entry.isEncrypted()) throw badArchive('it is encrypted')
      // yauzl fails where an entry turns out to be of another size.
      left -= size
      if (left < 0) throw badArchive(`it holds more than ${limits.bytes} bytes`)
      const read = () => zip.openReadStreamPromise(entry)
      const target = type === 'symlink' ? Buffer.concat((await (await read()).toArray()) as Buffer[]) : Buffer.alloc(0)
      if (!check({ name, type, linkname: target.toString() }) || type === 'directory') continue
      const path = posix.join(name)
      if (type === 'symlink') yield symlink(path, target)
      else yield { kind: unixMode(entry) & 0o100 ? 'program' : 'file', path, size, content: await read() }
    }
  } finally {
    zip.close()
  }
}

function symlink(path: string, target: Buffer): ArchiveEntry {
  return { kind: 'symlink', path, size: target.length, content: Readable.from([target]) }
}

/** As Unix says it, where the zip was made there. */
function unixMode({ versionMadeBy, externalFileAttributes }: Entry): number {
  return versionMadeBy >>> 8 === 3 ? externalFileAttributes >>> 16 : 0
}

const unixTypes = new Map([
  [0o120000, 'symlink'],
  [0o020000, 'character-device'],
  [0o060000, 'block-device'],
  [0o010000, 'fifo'],
  [0o140000, 'socket'],
])

function zipType(entry: Entry): string {
  return entry.fileName.endsWith('/') ? 'directory' : (unixTypes.get(unixMode(entry) & 0o170000) ?? 'file')
}
