import { UserError } from '#lib/errors.ts'
import type { Output } from '#lib/output.ts'
import { type App, allApps } from './app.ts'
import { type AppContainer, type Wanted, wantedContainers } from './container.ts'
import { readLogs } from './container-logs.ts'
import { containersOf, removeContainer, renameContainer, retireContainer, settleContainer, startContainer } from './containers.ts'
import type { Instance } from './instance.ts'
import { limited } from './locks.ts'
import { untilReady } from './readiness.ts'
import { currentRelease, type Release } from './release.ts'

/** How many containers of one app start and get ready at once. */
const startsAtOnce = 4

/** What makes a convergence a change: how it is stored once it is certain, and the restart count it will have. */
export interface Step {
  commit?: () => void
  restarts?: number
}

/**
 * Makes what runs of an app equal to a release, without dropping a request: what is missing starts beside the old and
 * gets ready, `commit` makes it the app's release, routes switch, and only then the old containers drain and stop.
 * Anything that fails before `commit` leaves the app as it was. Called again from any half-way state, it finishes.
 */
export async function converge(app: App, release: Release | undefined, output: Output, { commit, restarts }: Step = {}): Promise<void> {
  const { state } = app
  const wanted =
    release === undefined || (state.stopped && commit === undefined) ? [] : wantedContainers(release, restarts ?? state.restarts)
  const existing = await containersOf(app)
  const kept = await keep(app, wanted, existing)
  const missing = wanted.filter((want) => !kept.some((one) => isFor(one, want)))
  const started = release === undefined ? [] : await startAll(app, release, missing, output)
  commit?.()
  const fresh = [...kept, ...started]
  await route(app, fresh)
  const surplus = existing.filter((one) => !kept.some(({ id }) => id === one.id))
  await retire(app, surplus)
  await Promise.all(fresh.map((one) => settleContainer(app, one)))
}

/** Sends the app's traffic to these containers; a site that is new or whose hosts changed is made first. */
async function route(app: App, containers: readonly AppContainer[]): Promise<void> {
  const { appliance } = app.instance
  await appliance.putSite({ name: app.name, hosts: app.hosts })
  await appliance.setRoutes(app.name, upstreams(containers))
}

/** Tells the appliance an app's hosts and routes again. */
export async function reroute(app: App): Promise<void> {
  await route(app, await serving(app))
}

/** Tells the appliance all sites and routes at once, as they are in the database and on the engine. */
export async function syncRoutes(instance: Instance): Promise<void> {
  const apps = allApps(instance)
  const routes = await Promise.all(apps.map(async (app) => [app.name, upstreams(await serving(app))] as const))
  await instance.appliance.sync({ sites: apps.map((app) => ({ name: app.name, hosts: app.hosts })), routes: Object.fromEntries(routes) })
}

/** The running containers of the current release; those of a deploy that is under way are not ready yet. */
async function serving(app: App): Promise<AppContainer[]> {
  const release = currentRelease(app)
  if (release === undefined) return []
  const running = (await containersOf(app)).filter((one) => one.running && !one.retiring)
  const wanted = wantedContainers(release, app.state.restarts)
  const current = running.filter((one) => wanted.some((want) => isFor(one, want)))
  return current.length > 0 ? current : running.filter((one) => !one.name.includes('.upcoming-'))
}

/** Ends containers in the background; their new names say so to whoever takes over after a crash. */
export async function retire(app: App, containers: readonly AppContainer[]): Promise<void> {
  const { instance } = app
  const renamed = containers.map((one) =>
    one.retiring ? one : renameContainer(instance, one, `${one.name}.retiring-${one.id.slice(0, 8)}`),
  )
  for (const one of await Promise.all(renamed))
    retireContainer(instance, one).catch((error: unknown) =>
      instance.log.error({ err: error, container: one.name }, 'could not retire a container'),
    )
}

/** Existing containers that are as wanted. Stopped ones are started: an engine restart ends them all. */
async function keep(app: App, wanted: readonly Wanted[], existing: readonly AppContainer[]): Promise<AppContainer[]> {
  const found = wanted.flatMap((want) => existing.find((one) => !one.retiring && isFor(one, want)) ?? [])
  const alive = await Promise.all(
    found.map(async (one) => {
      if (one.running) return [one]
      try {
        await app.instance.engine.getContainer(one.id).start()
        return [{ ...one, running: true }]
      } catch (error) {
        app.instance.log.warn({ err: error, container: one.name }, 'a stopped container does not start again: it is replaced')
        return []
      }
    }),
  )
  return alive.flat()
}

/** Starts all that is missing, side by side; when one of them fails, none stays and its failure is the answer. */
async function startAll(app: App, release: Release, missing: readonly Wanted[], output: Output): Promise<AppContainer[]> {
  const started: AppContainer[] = []
  const failures: unknown[] = []
  const atMost = limited(startsAtOnce)
  const removeAll = () => Promise.all(started.map((one) => removeContainer(app.instance, one)))
  await Promise.all(
    missing.map((want) =>
      atMost(async () => {
        if (failures.length > 0) return
        output.detail(`Starting ${want.process}.${want.index}`)
        try {
          const container = await startContainer(app, release, want)
          started.push(container)
          await untilReady(app, container, release.manifest).catch(async (error: unknown) => {
            throw failures.length > 0 ? error : await withLastLines(app, container, error)
          })
        } catch (error) {
          failures.push(error)
          // The others need not get ready any more: their ends end the waiting.
          await removeAll()
        }
      }),
    ),
  )
  if (failures.length === 0) return started
  await removeAll()
  throw failures[0]
}

async function withLastLines(app: App, container: AppContainer, error: unknown): Promise<unknown> {
  if (!(error instanceof UserError)) return error
  const lines = await readLogs(app.instance.engine.getContainer(container.id), 20).catch(() => [])
  const said = lines.length === 0 ? 'It wrote nothing.' : `Its last lines:\n${lines.map((line) => `  ${line}`).join('\n')}`
  return new UserError(error.code, `${error.message}\n${said}`, { cause: error, ...(error.hint === undefined ? {} : { hint: error.hint }) })
}

function upstreams(containers: readonly AppContainer[]) {
  return containers.filter((one) => one.process === 'web').map(({ address, port }) => ({ address, port }))
}

function isFor(one: AppContainer, want: Wanted): boolean {
  return one.process === want.process && one.index === want.index && one.spec === want.spec
}
