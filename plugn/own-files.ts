import { createHash } from 'node:crypto'
import { cp, lchown, lstat } from 'node:fs/promises'
import { join } from 'node:path'
import { UserError } from '#lib/errors.ts'
import { git } from './clone.ts'
import { fileAt, pathsIn } from './fetch.ts'

/** What each file of a plugin is, by its path, as short as it takes to see that it was changed. */
export type Files = Readonly<Record<string, string>>

/** The files that are in a folder; git's own are not among them. */
export async function filesOf(dir: string): Promise<Files> {
  const found: [path: string, what: string][] = []
  // One after another: together they may be more than memory holds.
  for (const path of await pathsIn(dir)) {
    const one = await fileAt(join(dir, path))
    if (one === undefined) continue
    const what = createHash('sha256').update(`${one.kind} `).update(one.content).digest('hex')
    found.push([path, what.slice(0, 16)])
  }
  return Object.fromEntries(found)
}

/** The files of a clone that nobody pinned, as they came: one that was changed since is nothing we know. */
export async function filesOfClone(dir: string): Promise<Files> {
  const list = async (...args: string[]) => new Set((await git(['-C', dir, ...args])).split('\0').filter(Boolean))
  const [tracked, changed] = [await list('ls-files', '-z'), await list('diff', '--name-only', '-z', 'HEAD')]
  const all = Object.entries(await filesOf(dir)).filter(([path]) => tracked.has(path))
  return Object.fromEntries(all.map(([path, what]) => [path, changed.has(path) ? '' : what]))
}

/**
 * Copies what somebody keeps in the folder of a plugin, beside what came with it, into its next state. UserError
 * `plugin-changed` where that would lose something: a file that came with it was changed, or a new one has the name of such a file.
 */
export async function carryOver(name: string, from: string, to: string, came: Files, force: boolean): Promise<void> {
  const byPath = (files: Files) => new Map(Object.entries(files))
  const [now, next, known] = [byPath(await filesOf(from)), byPath(await filesOf(to)), byPath(came)]
  const isInTheWay = taking(next.keys())
  const own = [...now.keys()].filter((path) => !known.has(path))
  const changed = [...known.keys()].filter((path) => now.has(path) && now.get(path) !== known.get(path))
  const lost = [...changed, ...own.filter(isInTheWay)].filter((path) => now.get(path) !== next.get(path))
  if (lost.length > 0 && !force)
    throw new UserError(
      'plugin-changed',
      `files of ${name} were changed by hand: ${lost.slice(0, 5).join(', ')}${lost.length > 5 ? ', …' : ''}`,
      {
        hint: 'keep what you need of them elsewhere, then update with --force, which takes the new ones',
      },
    )
  for (const path of own.filter((one) => !isInTheWay(one))) {
    await cp(join(from, path), join(to, path), { verbatimSymlinks: true })
    const { uid, gid } = await lstat(join(from, path))
    if (process.getuid?.() === 0) await lchown(join(to, path), uid, gid)
  }
}

/** Would a file at a path have to share its place with one of these, be it as a folder of the other? */
function taking(paths: Iterable<string>): (path: string) => boolean {
  const files = new Set(paths)
  const folders = new Set([...files].flatMap(foldersOf))
  return (path) => files.has(path) || folders.has(path) || foldersOf(path).some((folder) => files.has(folder))
}

function foldersOf(path: string): string[] {
  const parts = path.split('/').slice(0, -1)
  return parts.map((_, at) => parts.slice(0, at + 1).join('/'))
}
