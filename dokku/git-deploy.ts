import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { UserError } from '#lib/errors.ts'
import { git } from '#lib/git.ts'
import type { App } from './app.ts'
import type { By } from './by.ts'
import { gitsReason } from './git-scratch.ts'
import { currentRelease } from './release.ts'
import { deployBranches, repositoryHead } from './source.ts'
import type { Commit, RemoteSource } from './source-kinds.ts'
import { receiveInTurn, type Turn } from './turn.ts'

/** How long git itself ever holds a lock. */
const lockMs = 60_000

/**
 * Deploys what did not come by a push; then, in the same turn, the branch that deploys moves to it. After a deploy that
 * failed it is where it was.
 */
export async function deployInTurn(app: App, source: Commit | RemoteSource, by: By, turn: Pick<Turn, 'check'> = {}): Promise<void> {
  const { promise: until, resolve: end } = Promise.withResolvers<void>()
  try {
    await receiveInTurn(app, source, by, { ...turn, until })
    const commit = currentRelease(app)?.revision
    if (commit) await moveBranch(app, commit)
  } finally {
    end()
  }
}

/** The branch that deploys stands at this commit from now on, whatever it was before. */
export async function moveBranch(app: App, commit: string): Promise<string> {
  const branch = (await repositoryHead(app))?.branch ?? deployBranches(app)[0]
  const path = app.instance.repositories.path(String(app.id))
  try {
    await git(['--git-dir', path, 'update-ref', `refs/heads/${branch}`, commit])
  } catch (cause) {
    throw new UserError(
      'branch-locked',
      `Branch ${branch} of ${app.name} could not be moved to ${commit.slice(0, 8)}: ${gitsReason(cause)}`,
      {
        cause,
        hint: `git:unlock ${app.name} removes what a killed git left`,
      },
    )
  }
  return branch
}

/** Takes away locks that a git which was killed left in the app's repository, where they would refuse every push; gives how many. */
export async function unlockRepository(app: App): Promise<number> {
  const path = app.instance.repositories.path(String(app.id))
  const names = (await readdir(path, { recursive: true })).filter((name) => name.endsWith('.lock') && !name.startsWith('objects/'))
  const old: string[] = []
  for (const name of names) {
    const found = await stat(join(path, name)).catch(() => undefined)
    if (found !== undefined && Date.now() - found.mtimeMs > lockMs) old.push(name)
  }
  await Promise.all(old.map((name) => rm(join(path, name), { force: true })))
  return old.length
}
