import { createHash } from 'node:crypto'
import { cp, lchown, lstat, readFile, readlink } from 'node:fs/promises'
import { join } from 'node:path'
import { UserError } from '#lib/errors.ts'
import { git } from './clone.ts'
import { pathsIn } from './fetch.ts'

/** What each file of a plugin is, by its path, as short as it takes to see that it was changed. */
export type Files = Readonly<Record<string, string>>

/** The files that are in a folder; git's own are not among them. */
export async function filesOf(dir: string): Promise<Files> {
  const found = await Promise.all(
    (await pathsIn(dir)).map(async (path) => {
      const stats = await lstat(join(dir, path))
      if (stats.isDirectory()) return []
      const content = stats.isSymbolicLink() ? await readlink(join(dir, path)) : await readFile(join(dir, path))
      const kind = stats.isSymbolicLink() ? 'link' : stats.mode & 0o100 ? 'executable' : 'file'
      return [[path, createHash('sha256').update(`${kind} `).update(content).digest('hex').slice(0, 16)] as const]
    }),
  )
  return Object.fromEntries(found.flat())
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
  const [now, next] = [await filesOf(from), await filesOf(to)]
  const lost = Object.keys(now).filter((path) => now[path] !== next[path] && (path in came ? came[path] !== now[path] : path in next))
  if (lost.length > 0 && !force)
    throw new UserError(
      'plugin-changed',
      `files of ${name} were changed by hand: ${lost.slice(0, 5).join(', ')}${lost.length > 5 ? ', …' : ''}`,
      {
        hint: 'keep what you need of them elsewhere, then update with --force, which takes the new ones',
      },
    )
  for (const path of Object.keys(now).filter((path) => !(path in came) && !(path in next))) {
    await cp(join(from, path), join(to, path), { verbatimSymlinks: true })
    const { uid, gid } = await lstat(join(from, path))
    if (process.getuid?.() === 0) await lchown(join(to, path), uid, gid)
  }
}
