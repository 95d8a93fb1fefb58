import { mkdtemp, readdir, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, sep } from 'node:path'
import { PassThrough, type Readable } from 'node:stream'
import { hasCode } from '#lib/errors.ts'
import { start } from '#lib/exec.ts'
import { readIfThere } from '#lib/files.ts'
import { isIgnored, matches, parseDockerignore } from './dockerignore.ts'

/** What the engine needs besides what instructions copy. */
const dockerfile = 'Dockerfile'

/** The text of a file of a tree, or undefined when there is none; a link that leads out of the tree counts as none. */
export async function readInside(dir: string, name: string): Promise<string | undefined> {
  try {
    const root = await realpath(dir)
    const path = await realpath(join(root, name))
    return path.startsWith(root + sep) ? await readIfThere(path) : undefined
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR', 'ELOOP', 'EISDIR')) return undefined
    throw error
  }
}

/** The paths of a tree that go to the engine, parents before children: all but what .dockerignore leaves out; never without the Dockerfile. */
export async function contextPaths(dir: string): Promise<string[]> {
  const ignore = (await readInside(dir, `${dockerfile}.dockerignore`)) ?? (await readInside(dir, '.dockerignore')) ?? ''
  const patterns = parseDockerignore(ignore)
  const rescues = patterns.some((pattern) => pattern.negated)
  const kept: string[] = []

  /** Adds what is kept below `parent`; says whether there was any. */
  const walk = async (parent: string, parentMatched: boolean[]): Promise<void> => {
    const entries = await readdir(join(dir, parent), { withFileTypes: true })
    entries.sort((a, b) => (a.name < b.name ? -1 : 1))
    for (const entry of entries) {
      const path = parent === '' ? entry.name : `${parent}/${entry.name}`
      const matched = matches(patterns, path, parentMatched)
      const ignored = isIgnored(patterns, matched) && path !== dockerfile
      const mark = kept.length
      if (!ignored) kept.push(path)
      if (!entry.isDirectory() || (ignored && !rescues)) continue
      await walk(path, matched)
      // A directory that is left out still has to hold what was rescued from it.
      if (ignored && kept.length > mark) kept.splice(mark, 0, path)
    }
  }
  await walk('', [])
  return kept
}

/**
 * The build context as a tar stream, with `replaced` as the Dockerfile's text if given. Links stay links, modes stay,
 * owners become root. Read it to its end or destroy it; an unreadable tree ends it with an error.
 */
export async function contextTar(dir: string, replaced?: string): Promise<Readable> {
  const paths = await contextPaths(dir)
  const temporary = replaced === undefined ? undefined : await mkdtemp(join(tmpdir(), 'dokku-build-'))
  const own: string[] = []
  if (temporary !== undefined && replaced !== undefined) {
    await writeFile(join(temporary, dockerfile), replaced, { mode: 0o644 })
    own.push('-C', temporary, dockerfile)
  }
  const list = temporary === undefined ? paths : paths.filter((path) => path !== dockerfile)
  // A program of its own: a big tree must not keep the daemon from answering.
  const tar = start(
    [
      ...(['tar', '--create', '--file=-', '--format=gnu', '--numeric-owner', '--owner=0', '--group=0'] as const),
      ...['--no-recursion', '--null', '--verbatim-files-from', '-C', dir, '--files-from=-', ...own],
    ],
    { env: { PATH: process.env.PATH ?? '/usr/bin:/bin', LC_ALL: 'C' } },
  )
  const stream = new PassThrough()
  stream.on('error', () => {}) // Whoever reads it is told, now or later; nobody may be reading yet.
  stream.on('close', () => tar.kill())
  tar.stdin.on('error', () => {}) // It ended early; its exit status says why.
  tar.stdin.end(list.map((path) => `${path}\0`).join(''))
  tar.stdout.pipe(stream, { end: false })
  let words = ''
  tar.stderr.on('data', (chunk: Buffer) => {
    words = (words + chunk).slice(-2000)
  })
  void tar
    .then(async (result) => {
      if (temporary !== undefined) await rm(temporary, { recursive: true, force: true })
      if (result.exitCode === 0) stream.end()
      else stream.destroy(new Error(`tar of ${dir} failed (${result.exitCode ?? result.signal}): ${words.trim()}`))
    })
    .catch((error: Error) => stream.destroy(error))
  return stream
}
