import { UserError } from '#lib/errors.ts'
import { git } from '#lib/git.ts'
import type { App } from './app.ts'
import type { By } from './by.ts'
import { computedProperty } from './computed-property.ts'
import type { Commit } from './source-kinds.ts'

export const lfsChoices = ['leave', 'refuse'] as const

/**
 * Names the files of a commit that are Git LFS's pointers: what they stand for does not come with a push. UserError
 * `lfs-refused` where the app's setting says so.
 */
export async function lookForLfs(app: App, commit: Commit, by: By): Promise<void> {
  // Every file is only looked at where some attribute speaks of LFS.
  if ((await holding(commit, 'filter=lfs', ':(glob)**/.gitattributes')).length === 0) return
  const pointers = await holding(commit, '^version https://git-lfs\\.github\\.com/spec/v1$')
  if (pointers.length === 0) return
  const more = pointers.length > 5 ? ` and ${pointers.length - 5} more` : ''
  const named = `${pointers.slice(0, 5).join(', ')}${more}`
  const remedy = "git lfs migrate export --include='*' makes them files of git"
  if (computedProperty(app, 'git lfs') === 'refuse')
    throw new UserError('lfs-refused', `${app.name} takes no pointers of Git LFS: ${named}`, { hint: remedy })
  by.output.warn(`Files of Git LFS are not part of a push and stay pointers: ${named}\n${remedy}`)
}

/** The files of a commit that have a line with a pattern. */
async function holding({ repository, commit, env }: Commit, pattern: string, ...paths: string[]): Promise<string[]> {
  const words = ['grep', '--null', '--files-with-matches', '-I', '-e', pattern, commit, '--', ...paths]
  const { stdout } = await git(['--git-dir', repository, ...words], { env, allow: [1] })
  return stdout
    .split('\0')
    .filter(Boolean)
    .map((name) => name.slice(commit.length + 1))
}
