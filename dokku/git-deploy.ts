import { git } from '#lib/git.ts'
import type { App } from './app.ts'
import type { By } from './by.ts'
import { currentRelease } from './release.ts'
import { deployBranches, repositoryHead } from './source.ts'
import type { Source } from './source-kinds.ts'
import { receiveInTurn, type Turn } from './turn.ts'

/**
 * Deploys what did not come by a push; then, in the same turn, the branch that deploys moves to it. After a deploy that
 * failed it is where it was.
 */
export async function deployInTurn(app: App, source: Source, by: By, turn: Pick<Turn, 'check'> = {}): Promise<void> {
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
  await git(['--git-dir', path, 'update-ref', `refs/heads/${branch}`, commit])
  return branch
}
