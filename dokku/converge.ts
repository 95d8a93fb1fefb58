import { messageOf, UserError } from '#lib/errors.ts'
import type { Output } from '#lib/output.ts'
import type { App } from './app.ts'
import { heard } from './by.ts'
import { isListed } from './checks.ts'
import { type AppContainer, type Wanted, wantedContainers } from './container.ts'
import { containersOf, groundOf, removeContainer, renameContainer, reviveContainer, settleContainer, startContainer } from './containers.ts'
import { orNextPass } from './engine-error.ts'
import { ensureLinks, restoreLinks } from './links.ts'
import { limited } from './locks.ts'
import { keepLogs } from './logs/kept.ts'
import { readLogs } from './logs/last-lines.ts'
import { lineTime } from './logs/line.ts'
import { type Plan, planApp, serves } from './plan.ts'
import { untilReady } from './readiness.ts'
import type { Release } from './release.ts'
import { retireContainer, stopContainer } from './retire-container.ts'
import { route } from './routing.ts'
import { dependenciesOf, inStartOrder } from './services.ts'

/** What makes a convergence a change, or less than a whole one. */
export interface Step {
  /** Stores the change once it is certain; without it, this is what should run already. */
  commit?: () => void
  /** The restart count the app will have. */
  restarts?: number
  /** Aborted before `commit`, the change is given up. */
  signal?: AbortSignal | undefined
  /** Leave what ended or is missing as it is, and only finish what was begun. */
  leaveEnded?: boolean
  /** The app's containers, where the caller has just looked. */
  existing?: readonly AppContainer[]
}

/**
 * Makes what runs of an app equal to a release, without dropping a request: what is missing starts beside the old and
 * gets ready, `commit` makes it the app's release, routes switch, and only then the old containers drain and stop.
 * Anything that fails before `commit` leaves the app as it was. Called again from any half-way state, it finishes.
 * Answers the containers that serve.
 */
export async function converge(app: App, release: Release | undefined, output: Output, step: Step = {}): Promise<AppContainer[]> {
  const existing = step.existing ?? (await containersOf(app))
  const plan = planApp(wantedOf(app, release, step), existing, step)
  const proved = release === undefined ? [] : await prove(app, release, plan.prove, step.signal)
  const missing = [...plan.create, ...plan.prove.filter((one) => !proved.includes(one))]
  const started =
    release === undefined ? [] : await afterHalt(app, plan, missing, output, () => startAll(app, release, missing, output, step))
  if (step.commit !== undefined) {
    step.commit()
    app.instance.crashes.forget(app)
  }
  const fresh = [...plan.keep, ...proved, ...started]
  const finish = async () => {
    await route(app, fresh, output)
    const leaving = await setAside(app, [...plan.retire, ...plan.prove.filter((one) => !proved.includes(one))])
    await Promise.all(fresh.map((one) => settleContainer(app, one, output)))
    retire(app, leaving)
  }
  await (step.commit === undefined ? finish() : orNextPass(output, finish))
  return fresh
}

function wantedOf(app: App, release: Release | undefined, step: Step): Wanted[] {
  const { stopped, restarts } = app.state
  if (release === undefined || (stopped && step.commit === undefined)) return []
  return wantedContainers(release, step.restarts ?? restarts)
}

/** Gives way to those that take their names; the new names say what is to become of them to whoever takes over after a crash. */
async function setAside({ instance }: App, containers: readonly AppContainer[]): Promise<AppContainer[]> {
  const leaving = containers.filter(({ id }) => !instance.retiring.has(id))
  const living = leaving.filter(({ stage }) => stage !== 'retiring')
  await Promise.all(living.map((one) => renameContainer(instance, one, `${one.name}.retiring-${one.id.slice(0, 8)}`)))
  return leaving
}

/** Ends containers in the background. */
function retire({ instance }: App, leaving: readonly AppContainer[]): void {
  for (const { id } of leaving) instance.retiring.add(id)
  for (const one of leaving)
    retireContainer(instance, one)
      .catch((error: unknown) => instance.log.error({ err: error, container: one.name }, 'could not retire a container'))
      .finally(() => instance.retiring.delete(one.id))
}

/** Does something after the old containers of process types that may not run twice have ended; where it fails, these run again. */
async function afterHalt<T>(
  app: App,
  { retire }: Plan,
  missing: readonly Pick<Wanted, 'process'>[],
  output: Output,
  work: () => Promise<T>,
) {
  const once = new Set(missing.map(({ process }) => process).filter((process) => isListed(app, 'disabled', process)))
  const old = retire.filter((one) => serves(one) && once.has(one.process))
  for (const one of old) output.detail(`Stopping ${one.process}.${one.index} first: its checks are disabled`)
  await Promise.all(old.map((one) => stopContainer(app.instance, one)))
  try {
    return await work()
  } catch (error) {
    await Promise.all(old.map((one) => reviveContainer(app.instance, { ...one, state: 'exited' })))
    throw error
  }
}

/** Those of the containers that get ready, started again where they had ended: an engine restart ends them all. */
async function prove(
  app: App,
  release: Release,
  containers: readonly AppContainer[],
  signal: AbortSignal | undefined,
): Promise<AppContainer[]> {
  const { instance } = app
  const proved = await Promise.all(
    containers.map(async (one) => {
      try {
        await instance.starting(() => reviveContainer(instance, one), undefined, signal)
        await untilReady(app, one, release.manifest, signal)
        return [one]
      } catch (error) {
        signal?.throwIfAborted()
        instance.log.warn({ container: one.name, reason: messageOf(error) }, 'a container does not get ready again: it is replaced')
        return []
      }
    }),
  )
  return proved.flat()
}

/** Starts all that is missing, side by side but for services that wait for others; when one of them fails, none stays and its failure is the answer. */
async function startAll(
  app: App,
  release: Release,
  missing: readonly Pick<AppContainer, keyof Wanted>[],
  output: Output,
  { commit, signal }: Step,
): Promise<AppContainer[]> {
  const { instance } = app
  if (missing.length === 0) return []
  const ground = await groundOf(app, release, commit === undefined ? restoreLinks : ensureLinks)
  const around = heard({ output, signal })
  const started: AppContainer[] = []
  const failures: unknown[] = []
  const attempt = lineTime(new Date())
  const removeAll = () =>
    Promise.all(
      started.splice(0).map(async (one) => {
        await keepLogs(instance, one, attempt)
        await removeContainer(instance, one)
      }),
    )
  const startOne = async (want: Wanted) => {
    if (failures.length > 0) return
    output.detail(`Starting ${want.process}.${want.index}`)
    const container = await startContainer(app, release, want, ground, around)
    started.push(container)
    return failures.length > 0 ? undefined : container
  }
  const sideBySide = lanes(release)
  // First those that need no more than to stay up for a while: meanwhile the others start.
  const webLast = [...missing.filter(({ process }) => process !== 'web'), ...missing.filter(({ process }) => process === 'web')]
  const begun: { process: string; end: Promise<void> }[] = []
  const after = (process: string) => {
    const first = dependenciesOf(release.manifest, process)
    return Promise.all(begun.filter((one) => first.includes(one.process)).map(({ end }) => end))
  }
  for (const { process, index, spec } of inStartOrder(webLast, release.manifest)) {
    const begin = sideBySide(process, async () => {
      await after(process)
      try {
        const container = await instance.starting(() => startOne({ process, index, spec }), undefined, signal)
        if (container === undefined) return
        await untilReady(app, container, release.manifest, signal).catch(async (error: unknown) => {
          throw failures.length > 0 ? error : await withLastLines(app, container, error)
        })
        // What is only put back was checked when it was deployed.
        if (commit !== undefined) await checkDeploy(app, container, around)
      } catch (error) {
        failures.push(error)
        // The others need not get ready any more: their ends end the waiting.
        await removeAll()
      }
    })
    begun.push({ process, end: begin() })
  }
  await Promise.all(begun.map(({ end }) => end))
  if (signal?.aborted) failures.unshift(signal.reason)
  if (failures.length === 0) return started
  await removeAll()
  throw failures[0]
}

/** Lets no more containers of a process type start and get ready at once than app.json says. */
function lanes({ manifest: { formation } }: Release) {
  const known = new Map<string, ReturnType<typeof limited>>()
  return (process: string, work: () => Promise<void>) => {
    const most = formation[process]?.max_parallel
    if (most === undefined) return work
    const lane = known.get(process) ?? limited(most)
    known.set(process, lane)
    return () => lane(work)
  }
}

async function checkDeploy({ instance, name }: App, { id, process, port, address, index }: AppContainer, around: ReturnType<typeof heard>) {
  await instance.fire('check-deploy', { app: name, container: id, process, port, address, index }, around)
}

async function withLastLines(app: App, container: AppContainer, error: unknown): Promise<unknown> {
  if (!(error instanceof UserError)) return error
  const lines = await readLogs(app.instance.engine.getContainer(container.id), 20).catch(() => [])
  const said = lines.length === 0 ? 'It wrote nothing.' : `Its last lines:\n${lines.map((line) => `  ${line}`).join('\n')}`
  return new UserError(error.code, `${error.message}\n${said}`, { cause: error, ...(error.hint === undefined ? {} : { hint: error.hint }) })
}
