import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { cp, lstat, readdir, readFile, readlink } from 'node:fs/promises'
import { basename, join, posix } from 'node:path'
import { Readable } from 'node:stream'
import { messageOf, UserError } from '#lib/errors.ts'
import { ExecError, run } from '#lib/exec.ts'
import { archiveLimits, hoist, leadsOut, unpack } from './archive.ts'
import { download } from './download.ts'
import { byBytes } from './names.ts'
import { type Source, withoutCredentials } from './source.ts'

/** Variables for git beside the caller's own, such as by which key it gets in. */
export type GitVariables = Readonly<Record<string, string>>

/** Puts what a source holds into an empty folder; gives the commit it is, if it has one. UserError `fetch-failed`, `bad-archive`, `no-such-commit`. */
export async function fetchSource(
  source: Source,
  dir: string,
  { committish, variables = {} }: { committish?: string | undefined; variables?: GitVariables | undefined } = {},
): Promise<{ commit?: string }> {
  if (source.kind === 'git') return await clone(source.url, dir, committish, variables)
  if (committish !== undefined)
    throw new UserError('no-such-commit', `${withoutCredentials(source.url)} is no git repository: it has no ${committish}`)
  if (source.kind === 'archive') {
    await unpack(await read(source.url), dir)
    await hoist(dir)
  } else await cp(source.url, dir, { recursive: true, verbatimSymlinks: true, filter: (path) => basename(path) !== '.git' })
  await assertInside(dir)
  return {}
}

/** Nobody's hooks run, no line ends change, and a repository may belong to another user than ours. */
const settings = ['safe.directory=*', 'core.hooksPath=/dev/null', 'core.autocrlf=false'].flatMap((one) => ['-c', one])

/** What a git that called us, as in a hook, says of its own repository. */
const ofCaller =
  /^GIT_(DIR|WORK_TREE|INDEX_FILE|OBJECT_DIRECTORY|ALTERNATE_OBJECT_DIRECTORIES|QUARANTINE_PATH|COMMON_DIR|PREFIX|NAMESPACE)$/

/** With the caller's own git settings and credentials, which are read and never changed. */
export async function git(args: readonly string[], variables: GitVariables = {}): Promise<string> {
  const own = Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined && !ofCaller.test(entry[0]))
  const env = { ...Object.fromEntries(own), GIT_TERMINAL_PROMPT: '0', GIT_ALLOW_PROTOCOL: 'file:git:http:https:ssh', ...variables }
  return (await run(['git', ...settings, ...args], { env })).stdout
}

async function clone(url: string, dir: string, committish: string | undefined, variables: GitVariables): Promise<{ commit: string }> {
  const shown = withoutCredentials(url)
  try {
    await git(['clone', '--quiet', '--template=', '--', url, dir], variables)
  } catch (error) {
    throw new UserError('fetch-failed', `${shown} could not be cloned: ${words(error)}`, { cause: error, exitCode: 128 })
  }
  if (committish !== undefined) {
    if (!/^[\w][\w./+@{}^~-]*$/.test(committish)) throw noSuchCommit(shown, committish)
    await checkOut(dir, committish, variables).catch((error: unknown) => {
      throw noSuchCommit(shown, committish, error)
    })
  }
  if (await isThere(join(dir, '.gitmodules'))) await fetchSubmodules(url, dir, variables)
  await assertInside(dir)
  return { commit: (await git(['-C', dir, 'rev-parse', 'HEAD'])).trim() }
}

/** A commit that no branch leads to is not in a clone, but may be asked for. */
async function checkOut(dir: string, committish: string, variables: GitVariables): Promise<void> {
  try {
    await git(['-C', dir, 'checkout', '--quiet', committish, '--'])
  } catch {
    await git(['-C', dir, 'fetch', '--quiet', 'origin', committish], variables)
    await git(['-C', dir, 'checkout', '--quiet', '--detach', 'FETCH_HEAD'])
  }
}

/** At the commits that the plugin's own names. One that comes from elsewhere gets nothing of this machine's files by them. */
async function fetchSubmodules(url: string, dir: string, variables: GitVariables): Promise<void> {
  const remote = url.startsWith('/') ? {} : { GIT_ALLOW_PROTOCOL: 'git:http:https:ssh' }
  try {
    await git(['-C', dir, 'submodule', '--quiet', 'update', '--init', '--recursive'], { ...variables, ...remote })
  } catch (error) {
    throw new UserError('fetch-failed', `a submodule of ${withoutCredentials(url)} could not be fetched: ${words(error)}`, {
      cause: error,
      exitCode: 128,
    })
  }
}

/** Where the clone in a folder came from; undefined when it is none. */
export async function originOf(dir: string): Promise<string | undefined> {
  if (!(await isThere(join(dir, '.git')))) return undefined
  return (await git(['-C', dir, 'config', '--get', 'remote.origin.url']).catch(() => '')).trim() || undefined
}

async function isThere(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => undefined)) !== undefined
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

/** The SHA-256 of all that a plugin holds: paths, what they are, and contents; not of git's own folder. */
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

/** All that is in a folder, in byte order; git's own folder is not. */
export async function pathsIn(dir: string, below = ''): Promise<string[]> {
  const entries = await readdir(join(dir, below), { withFileTypes: true })
  const found = await Promise.all(
    entries
      .filter(({ name }) => !(below === '' && name === '.git'))
      .map(async (entry) => {
        const path = posix.join(below, entry.name)
        return entry.isDirectory() ? [path, ...(await pathsIn(dir, path))] : [path]
      }),
  )
  return found.flat().sort(byBytes)
}

function noSuchCommit(url: string, committish: string, cause?: unknown): UserError {
  return new UserError('no-such-commit', `${url} has no branch, tag or commit ${JSON.stringify(committish.slice(0, 60))}`, { cause })
}

function words(error: unknown): string {
  return withoutCredentials(error instanceof ExecError ? (error.stderr.trim().split('\n').at(-1) ?? 'no message') : messageOf(error))
}
