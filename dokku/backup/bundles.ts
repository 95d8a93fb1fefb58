import { createReadStream } from 'node:fs'
import type { Readable } from 'node:stream'
import { git } from '#lib/git.ts'

/** All branches and tags of a repository with what they hold, as `git bundle` writes them; undefined while it holds none. */
export async function bundleOf(repository: string, file: string): Promise<Readable | undefined> {
  const { stdout } = await git(['--git-dir', repository, 'for-each-ref', '--count=1', 'refs/heads', 'refs/tags'])
  if (stdout === '') return undefined
  await git(['--git-dir', repository, 'bundle', 'create', '--quiet', file, '--branches', '--tags'])
  return createReadStream(file)
}

/** Puts all that a bundle holds into a repository; what git finds wrong with an object refuses all of it. */
export async function unbundle(file: string, repository: string): Promise<void> {
  await git([
    '--git-dir',
    repository,
    '-c',
    'fetch.fsckObjects=true',
    'fetch',
    '--quiet',
    '--no-write-fetch-head',
    '--end-of-options',
    file,
    '+refs/*:refs/*',
  ])
}
