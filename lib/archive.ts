import { posix } from 'node:path'
import { Transform } from 'node:stream'
import { UserError } from './errors.ts'

/** How much an archive may hold: Dokku's own limits for archives that are deployed. */
export const archiveLimits = { bytes: 1024 ** 3, entries: 10_000 }

export type ArchiveLimits = typeof archiveLimits

/** What an archive says of one thing in it. */
export interface ArchiveHeader {
  readonly name: string
  readonly type?: string
  readonly linkname?: string
}

/** Looks at each entry of an archive before it is used: is it to be taken? UserError `bad-archive` for what must not be in any. */
export function entryCheck(limits: ArchiveLimits): (header: ArchiveHeader) => boolean {
  let entries = 0
  return ({ name, type = 'file', linkname = '' }) => {
    if (++entries > limits.entries) throw badArchive(`it holds more than ${limits.entries} entries`)
    if (isOutside(name)) throw badArchive(`${show(name)} leads out of it`)
    // Settings of git would be those of whoever calls git there.
    if (name.split('/').some((part) => part.toLowerCase() === '.git')) return false
    // The folder itself can be nothing else; whoever unpacks would wait for it for ever.
    if (type !== 'directory' && posix.join('/', name) === '/') throw badArchive(`${show(name)} is a ${type}`)
    if (type === 'symlink' && leadsOut(name, linkname)) throw badArchive(`the link ${show(name)} leads out of it`)
    if (type === 'link' && isOutside(linkname)) throw badArchive(`the link ${show(name)} leads out of it`)
    if (!['file', 'directory', 'symlink', 'link'].includes(type)) throw badArchive(`${show(name)} is a ${type}`)
    return true
  }
}

/** Passes at most so many bytes on; then UserError `bad-archive`. */
export function atMost(bytes: number): Transform {
  let length = 0
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      length += chunk.length
      if (length > bytes) done(badArchive(`it holds more than ${bytes} bytes`))
      else done(null, chunk)
    },
  })
}

/** May a link lead out of the tree? A `..` behind a name could climb out of wherever a link of that name leads. */
export function leadsOut(path: string, target: string): boolean {
  const [up = ''] = /^(?:\.\.?(?:\/+|$))*/.exec(target) ?? []
  const climbs = up.split('/').filter((part) => part === '..').length
  const folders = posix.normalize(path).split('/').length - 1
  return target.startsWith('/') || target.includes('\0') || target.slice(up.length).split('/').includes('..') || climbs > folders
}

/** UserError `bad-archive`. */
export function badArchive(reason: string, cause?: unknown): UserError {
  return new UserError('bad-archive', `the archive cannot be used: ${reason}`, { cause, exitCode: 2 })
}

function isOutside(path: string): boolean {
  return path.startsWith('/') || path.includes('\0') || path.split('/').includes('..')
}

function show(name: string): string {
  return JSON.stringify(name.slice(0, 100))
}
