import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { cp, lstat, readdir, readFile, readlink } from 'node:fs/promises'
import { basename, join, posix } from 'node:path'
import { Readable } from 'node:stream'
import { archiveLimits, leadsOut } from '#lib/archive.ts'
import { messageOf, UserError } from '#lib/errors.ts'
import { unpack } from '#lib/unpack.ts'
import { hoist } from './archive.ts'
import { clone, type GitVariables } from './clone.ts'
import { download } from './download.ts'
import { byBytes } from './names.ts'
import { type Source, withoutCredentials } from './source.ts'

/** Puts what a source holds into an empty folder; gives the commit it is, if it has one. UserError `fetch-failed`, `bad-archive`, `no-such-commit`. */
export async function fetchSource(
  source: Source,
  dir: string,
  { committish, variables = {} }: { committish?: string | undefined; variables?: GitVariables | undefined } = {},
): Promise<{ commit?: string }> {
  if (source.kind === 'git') {
    const commit = await clone(source.url, dir, committish, variables)
    await assertInside(dir)
    return { commit }
  }
  if (committish !== undefined)
    throw new UserError('no-such-commit', `${withoutCredentials(source.url)} is no git repository: it has no ${committish}`)
  if (source.kind === 'archive') {
    await unpack(await read(source.url), dir)
    await hoist(dir)
  } else await copyFolder(source.url, dir)
  await assertInside(dir)
  return {}
}

/** A folder, within the limits of archives, as it is now; git's own folders are left out. UserError `bad-archive`. */
async function copyFolder(from: string, to: string): Promise<void> {
  const bad = (why: string, cause?: unknown) => new UserError('bad-archive', `${from} cannot be copied: ${why}`, { cause })
  let [entries, bytes] = [0, 0]
  const filter = async (path: string) => {
    if (basename(path) === '.git') return false
    const stats = await lstat(path)
    bytes += stats.size
    if (++entries > archiveLimits.entries || bytes > archiveLimits.bytes) throw bad('it holds more than a plugin may')
    if (stats.isFile() || stats.isDirectory() || stats.isSymbolicLink()) return true
    throw bad(`${path} is neither a file nor a folder`)
  }
  await cp(from, to, { recursive: true, verbatimSymlinks: true, filter }).catch((error: unknown) => {
    throw error instanceof UserError ? error : bad(messageOf(error), error)
  })
}

async function read(url: string): Promise<Readable> {
  if (!/^https?:/.test(url)) return createReadStream(url)
  return Readable.fromWeb(await download(url, archiveLimits.bytes))
}

/** No link of a plugin may lead out of it: what it names could be read and run as if it were the plugin's. */
async function assertInside(dir: string): Promise<void> {
  for (const path of await pathsIn(dir)) {
    const stats = await lstat(join(dir, path))
    if (stats.isSymbolicLink()) {
      const target = await readlink(join(dir, path))
      if (leadsOut(path, target)) throw new UserError('bad-archive', `the link ${path} leads out of the plugin`)
    } else if (!stats.isFile() && !stats.isDirectory()) throw new UserError('bad-archive', `${path} is neither a file nor a folder`)
  }
}

/** The SHA-256 of all that a plugin holds: paths, what they are, and contents; not of what git keeps beside them. */
export async function digestOf(dir: string): Promise<string> {
  const hash = createHash('sha256')
  for (const path of await pathsIn(dir)) {
    const one = await fileAt(join(dir, path))
    if (one !== undefined) hash.update(`${one.kind} ${one.content.length} ${path}\0`).update(one.content)
  }
  return `sha256:${hash.digest('hex')}`
}

/** What is kept at a path; undefined of folders, and of what cannot be read to an end, such as the socket of a process of the plugin. */
export async function fileAt(path: string): Promise<{ kind: 'link' | 'executable' | 'file'; content: Buffer } | undefined> {
  const stats = await lstat(path)
  if (stats.isSymbolicLink()) return { kind: 'link', content: Buffer.from(await readlink(path)) }
  if (!stats.isFile()) return undefined
  return { kind: stats.mode & 0o100 ? 'executable' : 'file', content: await readFile(path) }
}

/** All that is in a folder, in byte order, without what git keeps there of its own, or of a submodule. */
export async function pathsIn(dir: string, below = ''): Promise<string[]> {
  const entries = await readdir(join(dir, below), { withFileTypes: true })
  const found = await Promise.all(
    entries
      .filter(({ name }) => name !== '.git')
      .map(async (entry) => {
        const path = posix.join(below, entry.name)
        return entry.isDirectory() ? [path, ...(await pathsIn(dir, path))] : [path]
      }),
  )
  return found.flat().sort(byBytes)
}
