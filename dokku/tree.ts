import { randomBytes } from 'node:crypto'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { checkout } from '#gitreceive'
import type { App } from './app.ts'
import { buildDir } from './build-choices.ts'
import { treeFolder } from './builds.ts'
import type { By } from './by.ts'
import { lookForLfs } from './lfs.ts'
import type { Commit } from './source-kinds.ts'
import { fillSubmodules } from './submodules.ts'

/** Checks a commit out, and has the work done in the folder of it that is built; nothing of it is left. */
export async function withTree<T>(app: App, source: Commit, by: By, work: (dir: string) => Promise<T>): Promise<T> {
  const folder = treeFolder(app.instance)
  const root = join(folder, `${app.id}-${randomBytes(6).toString('hex')}`)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await mkdir(root)
  try {
    const { submodules } = await checkout(source.repository, source.commit, root, source.env)
    await fillSubmodules(app, { ...source, dir: root, paths: submodules }, by)
    await lookForLfs(app, source, by)
    return await work(await buildDir(app, root))
  } finally {
    await rm(root, { recursive: true, force: true })
  }
}
