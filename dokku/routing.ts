import { UserError } from '#lib/errors.ts'
import { type App, allApps } from './app.ts'
import { type AppContainer, label, wantedContainers } from './container.ts'
import { containersOf, listContainers } from './containers.ts'
import { untilAppliance } from './health.ts'
import type { Instance } from './instance.ts'
import { isFor } from './plan.ts'
import { currentRelease } from './release.ts'

/** Sends an app's traffic to these containers; a site that is new or whose hosts changed is made first. */
export async function route(app: App, containers: readonly AppContainer[]): Promise<void> {
  const { instance } = app
  await oneAtATime(instance, async () => {
    await instance.appliance.putSite({ name: app.site, hosts: app.hosts })
    await instance.appliance.setRoutes(app.site, upstreams(containers))
  })
}

/** Tells the appliance an app's hosts and routes again. */
export async function reroute(app: App): Promise<void> {
  await route(app, serving(app, await containersOf(app)))
}

/** Takes the site of an app that is gone away, after whoever still saw the app has told of it. */
export async function unroute({ instance, site }: App): Promise<void> {
  await oneAtATime(instance, () => instance.appliance.removeSite(site))
}

/** Tells the appliance all sites and routes at once, as they are in the database and on the engine. */
export async function syncRoutes(instance: Instance): Promise<void> {
  await oneAtATime(instance, async () => {
    const byApp = Map.groupBy(await listContainers(instance, { [label.type]: 'deploy' }), ({ appId }) => appId)
    const apps = allApps(instance)
    const refused = await instance.appliance.sync({
      sites: apps.map((app) => ({ name: app.site, hosts: app.hosts })),
      routes: Object.fromEntries(apps.map((app) => [app.site, upstreams(serving(app, byApp.get(app.id) ?? []))])),
    })
    for (const { name, reason } of refused) instance.log.error({ site: name, reason }, 'the appliance did not take a site')
  })
}

/**
 * Whoever tells the appliance has looked after the one before was done, so an old sight never overwrites a new one. An
 * appliance that is away is waited for: the change it is told is stored already.
 */
async function oneAtATime(instance: Instance, tell: () => Promise<void>): Promise<void> {
  await instance.inOrder('routes', async () => {
    try {
      await tell()
    } catch (error) {
      if (!(error instanceof UserError && error.code === 'appliance-away')) throw error
      await untilAppliance(instance)
      await tell()
    }
  })
}

/** The running containers of the current release; without any, what served before. Those of a start that is under way come last. */
function serving(app: App, existing: readonly AppContainer[]): AppContainer[] {
  const release = currentRelease(app)
  if (release === undefined) return []
  const wanted = wantedContainers(release, app.state.restarts)
  const running = existing.filter((one) => one.state === 'running' && one.stage !== 'retiring')
  const current = Map.groupBy(
    running.filter((one) => wanted.some((want) => isFor(one, want))),
    ({ stage }) => stage,
  )
  return current.get('serving') ?? current.get('upcoming') ?? running.filter((one) => one.stage === 'serving')
}

function upstreams(containers: readonly AppContainer[]) {
  return containers.filter((one) => one.process === 'web').map(({ address, port }) => ({ address, port }))
}
