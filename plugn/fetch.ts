import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { cp, lstat, readdir, readFile, readlink } from 'node:fs/promises'
import { join, posix } from 'node:path'
import { Readable } from 'node:stream'
import { messageOf, UserError } from '#lib/errors.ts'
import { ExecError, run } from '#lib/exec.ts'
import { hoist, unpack } from './archive.ts'
import { byBytes } from './names.ts'
import type { Source } from './source.ts'

/** Puts what a source holds into an empty folder; gives the commit it is, if it has one. UserError `fetch-failed`, `bad-archive`, `no-such-commit`. */
export async function fetchSource(source: Source, dir: string, committish?: string): Promise<{ commit?: string }> {
  if (source.kind === 'git') return await clone(source.url, dir, committish)
  if (committish !== undefined) throw new UserError('no-such-commit', `${source.url} is no git repository: it has no ${committish}`)
  if (source.kind === 'archive') {
    await unpack(await read(source.url), dir)
    await hoist(dir)
  } else await cp(source.url, dir, { recursive: true, verbatimSymlinks: true })
  await assertInside(dir)
  return {}
}

/** With the caller's own git settings and credentials, which are read and never changed. */
async function clone(url: string, dir: string, committish: string | undefined): Promise<{ commit: string }> {
  const env = { ...(process.env as Record<string, string>), GIT_TERMINAL_PROMPT: '0', GIT_ALLOW_PROTOCOL: 'file:git:http:https:ssh' }
  const git = (...args: string[]) => run(['git', '-c', 'safe.directory=*', ...args], { env })
  try {
    await git('clone', '--quiet', '--', url, dir)
  } catch (error) {
    throw new UserError('fetch-failed', `${url} could not be cloned: ${words(error)}`, { cause: error, exitCode: 128 })
  }
  if (committish !== undefined) {
    if (!/^[\w][\w./+@{}^~-]*$/.test(committish)) throw noSuchCommit(url, committish)
    await git('-C', dir, 'checkout', '--quiet', committish, '--').catch((error: unknown) => {
      throw noSuchCommit(url, committish, error)
    })
  }
  await assertInside(dir)
  return { commit: (await git('-C', dir, 'rev-parse', 'HEAD')).stdout.trim() }
}

async function read(url: string): Promise<Readable> {
  if (!/^https?:/.test(url)) return createReadStream(url)
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(600_000) })
    if (!answer.ok || answer.body === null) throw new Error(`${answer.status} ${answer.statusText}`.trim())
    return Readable.fromWeb(answer.body)
  } catch (error) {
    throw new UserError('fetch-failed', `${url} could not be fetched: ${messageOf(error)}`, { cause: error, exitCode: 2 })
  }
}

/** No link of a plugin may lead out of it: what it names could be read and run as if it were the plugin's. */
async function assertInside(dir: string): Promise<void> {
  for (const path of await paths(dir)) {
    const stats = await lstat(join(dir, path))
    if (stats.isSymbolicLink()) {
      const target = await readlink(join(dir, path))
      const led = posix.normalize(posix.join(posix.dirname(path), target))
      if (target.startsWith('/') || led.split('/')[0] === '..')
        throw new UserError('bad-archive', `the link ${path} leads out of the plugin`)
    } else if (!stats.isFile() && !stats.isDirectory()) throw new UserError('bad-archive', `${path} is neither a file nor a folder`)
  }
}

/** The SHA-256 of all that a plugin holds: paths, what they are, and contents; not of git's own folder. */
export async function digestOf(dir: string): Promise<string> {
  const hash = createHash('sha256')
  for (const path of await paths(dir)) {
    const stats = await lstat(join(dir, path))
    if (stats.isDirectory()) continue
    const content = stats.isSymbolicLink() ? Buffer.from(await readlink(join(dir, path))) : await readFile(join(dir, path))
    const kind = stats.isSymbolicLink() ? 'link' : stats.mode & 0o100 ? 'executable' : 'file'
    hash.update(`${kind} ${content.length} ${path}\0`).update(content)
  }
  return `sha256:${hash.digest('hex')}`
}

async function paths(dir: string, below = ''): Promise<string[]> {
  const entries = await readdir(join(dir, below), { withFileTypes: true })
  const found = await Promise.all(
    entries
      .filter(({ name }) => !(below === '' && name === '.git'))
      .map(async (entry) => {
        const path = posix.join(below, entry.name)
        return entry.isDirectory() ? [path, ...(await paths(dir, path))] : [path]
      }),
  )
  return found.flat().sort(byBytes)
}

function noSuchCommit(url: string, committish: string, cause?: unknown): UserError {
  return new UserError('no-such-commit', `${url} has no branch, tag or commit ${JSON.stringify(committish.slice(0, 60))}`, { cause })
}

function words(error: unknown): string {
  return error instanceof ExecError ? (error.stderr.trim().split('\n').at(-1) ?? 'no message') : messageOf(error)
}
