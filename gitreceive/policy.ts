import { UserError } from '#lib/errors.ts'

/** One line of a pre-receive hook's input. */
export interface RefUpdate {
  old: string
  new: string
  ref: string
}

export interface Policy {
  /** The branch that deploys; without it both main and master do. */
  deployBranch?: string
  /** Other branches may be pushed and deleted too; they are told apart. Default: they are declined. */
  others?: boolean
  /** What the remote is called in advice. Default: dokku. */
  remote?: string
}

/** A branch to deploy: the pushed commit, and what the branch was before (zeros for a new one). */
export interface Deploy {
  branch: string
  commit: string
  old: string
}

/** Reads a pre-receive hook's input: `old new ref` lines. */
export function parseUpdates(input: string): RefUpdate[] {
  return input
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [, before, after, ref] = /^([0-9a-f]{40,64}) ([0-9a-f]{40,64}) (.+)$/.exec(line) ?? []
      if (before === undefined || after === undefined || ref === undefined) throw new Error(`not a ref update: ${JSON.stringify(line)}`)
      return { old: before, new: after, ref }
    })
}

/** What a push means: a branch to deploy, and others where those are taken. What must not be throws UserError `push-declined` with what to do instead. */
export function decide(updates: readonly RefUpdate[], policy: Policy = {}): { deploy?: Deploy; others: Deploy[] } {
  const remote = policy.remote ?? 'dokku'
  const deployable = policy.deployBranch === undefined ? ['main', 'master'] : [policy.deployBranch]
  const target = deployable[0] ?? 'main'
  const [deploys, others]: [Deploy[], Deploy[]] = [[], []]
  let taken = 0

  for (const { old, new: commit, ref } of updates) {
    const [, kind, name = ''] = /^refs\/(heads|tags)\/(.+)$/s.exec(ref) ?? []
    if (kind === undefined) throw declined(`${show(ref)} is neither a branch nor a tag: push git push ${remote} ${target}`)
    const other = policy.others === true && kind === 'heads' && !deployable.includes(name)
    if (other) taken++
    if (isZero(commit) && !other) throw declined(deletion(kind, name, deployable))
    if (kind === 'tags' || isZero(commit)) continue
    if (other) others.push({ branch: name, commit, old })
    else if (!deployable.includes(name))
      throw declined(`Branch ${show(name)} is not deployed: push it as git push ${remote} ${word(name)}:${target}`)
    else deploys.push({ branch: name, commit, old })
  }

  const [deploy, second] = deploys
  if (second !== undefined)
    throw declined(`${deployable.join(' and ')} were pushed at once and only one can be deployed: push git push ${remote} ${target}`)
  if (deploy === undefined && taken === 0 && updates.length > 0)
    throw declined(`A tag alone is not deployed: push a branch, as git push ${remote} ${target}`)
  return deploy === undefined ? { others } : { deploy, others }
}

/** A push that waited in a queue is stale when its branch has moved meanwhile: UserError `push-declined`. */
export function checkUnmoved(deploy: Deploy, current: string | undefined): void {
  if ((current ?? '') === (isZero(deploy.old) ? '' : deploy.old)) return
  throw declined(`Branch ${show(deploy.branch)} moved while this push waited: git pull, then push again`)
}

function deletion(kind: string, name: string, deployable: readonly string[]): string {
  if (kind === 'tags') return `Tag ${show(name)} cannot be deleted here: it is kept with what was deployed`
  if (deployable.includes(name)) return `Branch ${show(name)} cannot be deleted: to remove the app, run apps:destroy`
  return `Branch ${show(name)} cannot be deleted here: only ${deployable.join(' and ')} can be pushed`
}

const isZero = (id: string) => /^0+$/.test(id)

/** Receive-pack checks ref names only after the hook, so a name may hold anything. */
const isPlain = (name: string) => /^[\w.@+/-]{1,100}$/.test(name) && !name.startsWith('-')
const show = (name: string) => (isPlain(name) ? name : JSON.stringify(name.slice(0, 100)))
const word = (name: string) => (isPlain(name) ? name : 'BRANCH')

function declined(message: string): UserError {
  return new UserError('push-declined', message)
}
