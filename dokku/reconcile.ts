import { messageOf } from '#lib/errors.ts'
import { output } from '#lib/output.ts'
import { type App, allApps, isThere } from './app.ts'
import { type AppContainer, label, wantedContainers } from './container.ts'
import { containersOf, finalName, listContainers } from './containers.ts'
import { converge } from './converge.ts'
import type { Instance } from './instance.ts'
import { recordOnce } from './journal.ts'
import { syncLinks } from './links.ts'
import { removeOrphans } from './orphans.ts'
import { isSettled, type Plan, planApp } from './plan.ts'
import { currentRelease } from './release.ts'
import { leavesEnded } from './restart-policy.ts'
import { syncRoutes } from './routing.ts'

/**
 * The full pass: desired state against Docker, from any starting point, after a crash, a power cut, an upgrade, or while
 * nobody looked. Resolves once the routes are right; `settled` once every app is as it should be and nothing is left over.
 * `alone`, when nothing else changes an app yet, one look at the engine is enough for all of them.
 */
export async function reconcile(instance: Instance, { alone = false } = {}): Promise<{ settled: Promise<void> }> {
  await syncRoutes(instance).catch((error: unknown) =>
    instance.log.error({ err: error }, 'the appliance did not take all sites and routes'),
  )
  const byApp = Map.groupBy(await listContainers(instance, { [label.type]: 'deploy' }), ({ appId }) => appId)
  const unsettled = allApps(instance).filter((app) => !isAsWanted(app, byApp.get(app.id) ?? []))
  const settle = async () => {
    await syncLinks(instance).catch((error: unknown) => instance.log.error({ err: error }, 'links of apps could not be looked at'))
    await Promise.all(unsettled.map((app) => reconcileApp(app, alone ? (byApp.get(app.id) ?? []) : undefined)))
    await removeOrphans(instance)
  }
  return { settled: settle() }
}

/**
 * One app to its current release, after whatever changes it now. One that cannot is logged, and does not hold up others.
 * `seen` is what there is of it, where nothing can have changed that.
 */
export async function reconcileApp(app: App, seen?: readonly AppContainer[]): Promise<void> {
  const { instance } = app
  const quiet = output(
    () => undefined,
    (line) => instance.log.warn({ app: app.name }, line.trim()),
  )
  await instance.inOrder(app.id, async () => {
    if (instance.stopping.aborted || !isThere(app)) return
    const existing = seen ?? (await containersOf(app))
    const left = leavesEnded(app)
    try {
      const step = { existing, leaveEnded: left, signal: instance.stopping }
      if (seen !== undefined && !app.state.stopped) await restoring(app)
      if (!isAsWanted(app, existing)) await converge(app, currentRelease(app), quiet, step)
      note(app, noticed(planNow(app, existing), left))
    } catch (error) {
      if (instance.stopping.aborted) return
      instance.log.error({ err: error, app: app.name }, 'could not bring the app to its release')
      note(app, `could not be put right: ${messageOf(error).split('\n')[0]}`)
    }
  })
}

/** At the start of control, plugins may bring up first what an app needs. */
async function restoring({ instance, name }: App): Promise<void> {
  if (await instance.plugins.handles('pre-restore')) await instance.fire('pre-restore', { scheduler: 'docker-local', app: name })
}

function planNow(app: App, existing: readonly AppContainer[], how?: { leaveEnded: boolean }): Plan {
  const release = app.state.stopped ? undefined : currentRelease(app)
  return planApp(release === undefined ? [] : wantedContainers(release, app.state.restarts), existing, how)
}

/** What of an app is not as its release says, in words; undefined when all of it is. */
export function unsettled(app: App, existing: readonly AppContainer[]): string | undefined {
  if (isAsWanted(app, existing)) return undefined
  return noticed(planNow(app, existing), leavesEnded(app)) || 'something runs that should not'
}

function isAsWanted(app: App, existing: readonly AppContainer[]): boolean {
  const plan = planNow(app, existing, { leaveEnded: leavesEnded(app) })
  const retire = plan.retire.filter(({ id }) => !app.instance.retiring.has(id))
  return isSettled({ ...plan, retire }) && plan.keep.every((one) => one.name === finalName(app, one))
}

/** What people should know of a plan, in one line; empty when nothing of it is their business. */
export function noticed({ prove, create }: Pick<Plan, 'prove' | 'create'>, left: boolean): string {
  const names = (of: readonly { process: string; index: number }[]) => of.map(({ process, index }) => `${process}.${index}`).join(', ')
  const ended = prove.filter(({ stage }) => stage === 'serving')
  const found = [ended.length > 0 ? `${names(ended)} did not run` : '', create.length > 0 ? `${names(create)} was missing` : '']
  const said = found.filter(Boolean).join('; ')
  return said && `${said}: ${left ? 'left so, as ps:set says' : 'started again'}`
}

function note(app: App, text: string): void {
  if (text !== '') recordOnce(app.instance.db, { app: app.name, by: 'dokku', text })
}
