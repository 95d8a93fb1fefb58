import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { hasCode, UserError } from '#lib/errors.ts'
import { git } from '#lib/git.ts'
import type { RefUpdate } from './policy.ts'

export interface Quota {
  /** Bytes that the packs of a repository take, the pushed one among them. Default: 10 GiB. */
  maxSize?: number
  /** Branches and tags. Default: 10,000. */
  maxRefs?: number
}

const usual = { maxSize: 10 * 1024 ** 3, maxRefs: 10_000 }

/** In the pre-receive hook: throws UserError `quota-exceeded` for a push that would make its repository too large. `env` is the hook's. */
export async function checkQuota(
  path: string,
  updates: readonly RefUpdate[],
  env: Record<string, string>,
  quota: Quota = {},
): Promise<void> {
  const { maxSize, maxRefs } = { ...usual, ...quota }
  const fresh = env.GIT_QUARANTINE_PATH === undefined ? [] : [env.GIT_QUARANTINE_PATH]
  const sizes = await Promise.all([join(path, 'objects'), ...fresh].map((dir) => packBytes(dir)))
  const size = sizes.reduce((sum, each) => sum + each, 0)
  if (size > maxSize)
    throw exceeded(
      `The repository would take ${size} bytes, and may take ${maxSize}`,
      'push less history: from a shallow clone, or a new branch',
    )
  const added = updates.filter(({ old }) => /^0+$/.test(old)).length
  if (added === 0) return
  const { stdout } = await git(['--git-dir', path, 'for-each-ref', `--count=${maxRefs + 1}`, '--format=x'])
  const refs = stdout.split('\n').length - 1 + added
  if (refs > maxRefs)
    throw exceeded(`The repository would have more than ${maxRefs} branches and tags`, 'push the branch alone, without --tags')
}

/** What was pushed stays one pack each, so these are all there is. */
async function packBytes(objects: string): Promise<number> {
  const dir = join(objects, 'pack')
  const names = await readdir(dir).catch((error: unknown) => {
    if (hasCode(error, 'ENOENT')) return []
    throw error
  })
  const sizes = await Promise.all(names.map(async (name) => (await stat(join(dir, name))).size))
  return sizes.reduce((sum, each) => sum + each, 0)
}

function exceeded(message: string, hint: string): UserError {
  return new UserError('quota-exceeded', message, { hint })
}
