import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { cp, lstat, readdir, readFile, readlink } from 'node:fs/promises'
import { basename, join, posix } from 'node:path'
import { Readable } from 'node:stream'
import { UserError } from '#lib/errors.ts'
import { archiveLimits, hoist, leadsOut, unpack } from './archive.ts'
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
  } else await cp(source.url, dir, { recursive: true, verbatimSymlinks: true, filter: (path) => basename(path) !== '.git' })
  await assertInside(dir)
  return {}
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
    const stats = await lstat(join(dir, path))
    if (stats.isDirectory()) continue
    const content = stats.isSymbolicLink() ? Buffer.from(await readlink(join(dir, path))) : await readFile(join(dir, path))
    const kind = stats.isSymbolicLink() ? 'link' : stats.mode & 0o100 ? 'executable' : 'file'
    hash.update(`${kind} ${content.length} ${path}\0`).update(content)
  }
  return `sha256:${hash.digest('hex')}`
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
