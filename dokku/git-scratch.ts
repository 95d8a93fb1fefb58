import { randomBytes } from 'node:crypto'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { currentCommit, type ObjectFormat } from '#gitreceive'
import { messageOf, UserError } from '#lib/errors.ts'
import { ExecError } from '#lib/exec.ts'
import { git } from '#lib/git.ts'
import { plain } from '#lib/output.ts'
import type { App } from './app.ts'
import { treeFolder } from './builds.ts'
import type { Instance } from './instance.ts'

/** The checks of a push, and what it is forgiven too: harmless old habits. */
export const checked = [
  ...['-c', 'fetch.fsckObjects=true'],
  ...['zeroPaddedFilemode', 'badTimezone', 'missingSpaceBeforeDate'].flatMap((one) => ['-c', `fetch.fsck.${one}=ignore`]),
]

/** The ref of a scratch repository that `takeCommit` takes. */
export const taken = 'refs/taken'

/** Does something with an empty bare repository, which is gone afterwards: what goes wrong there has touched no app. */
export async function withScratch<T>(instance: Instance, format: ObjectFormat, work: (repository: string) => Promise<T>): Promise<T> {
  const repository = join(treeFolder(instance), `git-${randomBytes(6).toString('hex')}`)
  await mkdir(treeFolder(instance), { recursive: true, mode: 0o700 })
  try {
    await git(['init', '--quiet', '--bare', '--template=', `--object-format=${format}`, repository])
    return await work(repository)
  } finally {
    await rm(repository, { recursive: true, force: true })
  }
}

/** Lets a scratch repository see what an app's has, so that only what is new comes into it. */
export async function borrow(repository: string, app: App): Promise<void> {
  await mkdir(join(repository, 'objects/info'), { recursive: true })
  await writeFile(join(repository, 'objects/info/alternates'), `${await ownRepository(app)}/objects\n`)
}

/** Copies the commit that is to be taken into the app's repository, each object checked as in a push. No branch has it yet. */
export async function takeCommit(repository: string, app: App): Promise<string> {
  const commit = await currentCommit(repository, `${taken}^{commit}`)
  if (commit === undefined) throw new UserError('no-such-commit', 'What was fetched is no commit')
  const words = ['fetch', '--quiet', '--no-tags', '--no-write-fetch-head', '--end-of-options', repository, taken]
  try {
    await git(['--git-dir', await ownRepository(app), ...checked, ...words])
  } catch (error) {
    throw new UserError('fetch-failed', `What was fetched is refused: ${gitsReason(error)}`, { cause: error })
  }
  return commit
}

/** What git or ssh says went wrong, in one line. */
export function gitsReason(error: unknown): string {
  const text = error instanceof ExecError ? error.stderr : messageOf(error)
  const lines = plain(text.replaceAll('\r', '\n')).split('\n')
  const told = lines.find((line) => /^(fatal|error|remote: (error|fatal))|denied|verification failed/i.test(line))
  return (told ?? lines.findLast((line) => line.trim() !== '') ?? 'no message').slice(0, 300)
}

function ownRepository({ instance, id }: App): Promise<string> {
  return instance.repositories.ensure(String(id))
}
