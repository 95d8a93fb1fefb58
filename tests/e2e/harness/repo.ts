import { cp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { git } from '#lib/git.ts'
import { writeFiles } from './engine.ts'
import { scratch } from './programs.ts'

/** A git repository with a work tree, as a user has it. */
export interface Repo {
  readonly dir: string
  /** Runs git in it; returns what it prints. */
  git(...args: string[]): Promise<string>
  /** Writes files (undefined removes one) and commits; returns the commit. */
  commit(files: Readonly<Record<string, string | undefined>>): Promise<string>
  remove(): Promise<void>
}

/** A repository with one commit on main: of a map of files, or of a sample app by its name. */
export async function repo(files: Readonly<Record<string, string>> | string): Promise<Repo> {
  const { dir, remove } = await scratch()
  const inside = async (...args: string[]) =>
    (await git(['-c', 'user.name=Ada', '-c', 'user.email=ada@example.com', '-C', dir, ...args])).stdout.trim()
  const made: Repo = {
    dir,
    git: inside,
    async commit(changes) {
      for (const [name, content] of Object.entries(changes)) {
        if (content === undefined) await rm(join(dir, name), { recursive: true, force: true })
        else await writeFiles(dir, { [name]: content })
      }
      await inside('add', '--all')
      await inside('commit', '--quiet', '--allow-empty', '--message', 'Change')
      return await inside('rev-parse', 'HEAD')
    },
    remove,
  }
  await inside('init', '--quiet', '--initial-branch=main')
  if (typeof files === 'string') await cp(join(import.meta.dirname, '../../apps', files), dir, { recursive: true })
  await made.commit(typeof files === 'string' ? {} : files)
  return made
}
