import { currentCommit, pack } from '#gitreceive'
import type { App } from './app.ts'
import { computedProperty } from './computed-property.ts'
import { currentRelease, notDeployed } from './release.ts'
import type { Commit, Source } from './source-kinds.ts'

/** The branches whose pushes deploy. */
export function deployBranches(app: App): [string, ...string[]] {
  const own = computedProperty(app, 'git deploy-branch')
  return own === undefined ? ['main', 'master'] : [own]
}

/** The branch that deploys and where it stands, if anything was pushed to it. */
export async function repositoryHead(app: App): Promise<{ branch: string; commit: string } | undefined> {
  for (const branch of deployBranches(app)) {
    const commit = await currentCommit(repository(app), `refs/heads/${branch}`)
    if (commit !== undefined) return { branch, commit }
  }
  return undefined
}

/** What the app was last made of: its release's commit or image; before the first deploy, what was pushed. */
export async function lastSource(app: App): Promise<Source> {
  const revision = currentRelease(app)?.revision ?? (await repositoryHead(app))?.commit
  if (revision === undefined) throw notDeployed(app)
  const isCommit = /^[0-9a-f]{40,64}$/.test(revision) && (await currentCommit(repository(app), `${revision}^{commit}`)) !== undefined
  return isCommit ? commitSource(app, revision) : { kind: 'image', reference: revision }
}

/** A commit that is in the app's repository for good. */
export function commitSource(app: App, commit: string): Commit {
  return { kind: 'commit', repository: repository(app), commit, env: {} }
}

/** Has git pack the repository of an app; nothing of it goes. */
export async function packRepository(app: App): Promise<void> {
  await pack(repository(app))
}

function repository({ instance, id }: App): string {
  return instance.repositories.path(String(id))
}
