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
    if (isOutside(name)) throw bad(`${show(name)} leads out of it`)
    // Settings of git would be those of whoever calls git there.
    if (name.split('/').includes('.git')) return false
    // The folder itself can be nothing else; whoever unpacks would wait for it for ever.
    if (type !== 'directory' && posix.join('/', name) === '/') throw bad(`${show(name)} is a ${type}`)
    if (type === 'symlink' && leadsOut(name, linkname)) throw bad(`the link ${show(name)} leads out of it`)
    if (type === 'link' && isOutside(linkname)) throw bad(`the link ${show(name)} leads out of it`)
    if (!['file', 'directory', 'symlink', 'link'].includes(type)) throw bad(`${show(name)} is a ${type}`)
    return true
  }
  // No setuid, and nothing that only its owner could remove.
  const tame = <T extends { mode?: number; type?: string }>(header: T): T => ({
    ...header,
    mode: ((header.mode ?? 0o644) & 0o755) | 0o600 | (header.type === 'directory' ? 0o111 : 0),
  })
  try {
    await pipeline(archive, createGunzip(), atMost(limits.bytes), unpackTar(dir, { filter: check, map: tame, strict: true }))
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

function isOutside(path: string): boolean {
  return path.startsWith('/') || path.includes('\0') || path.split('/').includes('..')
}

/** May a link lead out of the tree? A `..` behind a name could climb out of wherever a link of that name leads. */
export function leadsOut(path: string, target: string): boolean {
  const [up = ''] = /^(?:\.\.?(?:\/+|$))*/.exec(target) ?? []
  const climbs = up.split('/').filter((part) => part === '..').length
  const folders = posix.normalize(path).split('/').length - 1
  return target.startsWith('/') || target.includes('\0') || target.slice(up.length).split('/').includes('..') || climbs > folders
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
  return new UserError('bad-archive', `the archive cannot be used: ${reason}`, { cause, exitCode: 2 })
}

function show(name: string): string {
  return JSON.stringify(name.slice(0, 100))
}
