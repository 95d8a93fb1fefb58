import { readdir, realpath, stat } from 'node:fs/promises'
import { join, sep } from 'node:path'
import { hasCode, UserError } from '#lib/errors.ts'
import { readIfThere } from '#lib/files.ts'
import { isIgnored, matches, parseDockerignore } from './dockerignore.ts'

/** What people write by hand is shorter, in bytes; whoever reads it has other things to do. */
const mostBytes = 2 ** 20

/**
 * The text of a file of a tree, or undefined when there is none; a link that leads out of the tree counts as none. UserError
 * `file-too-large` above so many bytes.
 */
export async function readInside(dir: string, name: string, most = mostBytes): Promise<string | undefined> {
  try {
    const root = await realpath(dir)
    const path = await realpath(join(root, name))
    if (!path.startsWith(root + sep)) return undefined
    if ((await stat(path)).size > most) throw tooLarge(name, most)
    return await readIfThere(path)
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR', 'ELOOP', 'EISDIR')) return undefined
    throw error
  }
}

/** UserError `file-too-large`. */
export function tooLarge(name: string, most = mostBytes): UserError {
  return new UserError('file-too-large', `${name} is larger than ${most / 1024} KiB`, {
    hint: 'what a build reads of it is written by hand',
  })
}

/** Sorts paths as the engine wants them: name by name, by bytes, parents before children. */
export function byPath(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a.replaceAll('/', '\0')), Buffer.from(b.replaceAll('/', '\0')))
}

/** The paths of a tree that instructions may copy, parents before children: all but what .dockerignore, or one of the Dockerfile's own, leaves out. */
export async function contextPaths(dir: string, dockerfile = 'Dockerfile'): Promise<string[]> {
  const ignore = (await readInside(dir, `${dockerfile}.dockerignore`)) ?? (await readInside(dir, '.dockerignore')) ?? ''
  const patterns = parseDockerignore(ignore)
  const rescues = patterns.some((pattern) => pattern.negated)
  const kept: string[] = []

  /** Adds what is kept below `parent`; says whether there was any. */
  const walk = async (parent: string, parentMatched: boolean[]): Promise<void> => {
    const entries = await readdir(join(dir, parent), { withFileTypes: true })
    // The order the engine checks: by bytes, name by name.
    entries.sort((a, b) => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)))
    for (const entry of entries) {
      const path = parent === '' ? entry.name : `${parent}/${entry.name}`
      const matched = matches(patterns, path, parentMatched)
      const ignored = isIgnored(patterns, matched)
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
