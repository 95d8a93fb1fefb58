import { readdir, rename, rmdir } from 'node:fs/promises'
import { join, posix } from 'node:path'
import { type Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { unpackTar } from 'modern-tar/fs'
import { UserError } from '#lib/errors.ts'

/** How much an archive may hold: Dokku's own limits for archives that are deployed. */
export const archiveLimits = { bytes: 1024 ** 3, entries: 10_000 }

/** Unpacks a gzipped tar into an empty folder; UserError `bad-archive` for what is none, or leads out of the folder, or is too much. */
export async function unpack(archive: Readable, dir: string, limits = archiveLimits): Promise<void> {
  let entries = 0
  const check = (header: { name: string; type?: string; linkname?: string }): boolean => {
    if (++entries > limits.entries) throw bad(`it holds more than ${limits.entries} entries`)
    const { name, type = 'file', linkname = '' } = header
    if (leadsOut(name)) throw bad(`${show(name)} leads out of it`)
    if (type === 'symlink' && leadsOut(posix.join(posix.dirname(name), linkname), linkname))
      throw bad(`the link ${show(name)} leads out of it`)
    if (type === 'link' && leadsOut(linkname)) throw bad(`the link ${show(name)} leads out of it`)
    if (!['file', 'directory', 'symlink', 'link'].includes(type)) throw bad(`${show(name)} is a ${type}`)
    return true
  }
  // No setuid, and nothing that only its owner could remove.
  const tame = <T extends { mode?: number; type?: string }>(header: T): T => ({
    ...header,
    mode: ((header.mode ?? 0o644) & 0o755) | 0o600 | (header.type === 'directory' ? 0o111 : 0),
  })
  try {
    await pipeline(archive, createGunzip(), atMost(limits.bytes), unpackTar(dir, { filter: check, map: tame }))
  } catch (error) {
    if (error instanceof UserError) throw error
    throw bad(error instanceof Error ? error.message : String(error), error)
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

/** Does a path of an archive, or the target of a link there, leave the folder it is unpacked in? */
function leadsOut(path: string, target = path): boolean {
  return target.startsWith('/') || target.includes('\0') || posix.normalize(path).split('/')[0] === '..'
}

function atMost(bytes: number): Transform {
  let length = 0
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      length += chunk.length
      if (length > bytes) done(bad(`it holds more than ${bytes} bytes`))
      else done(null, chunk)
    },
  })
}

function bad(reason: string, cause?: unknown): UserError {
  return new UserError('bad-archive', `the archive cannot be used: ${reason}`, { cause })
}

function show(name: string): string {
  return JSON.stringify(name.slice(0, 100))
}
