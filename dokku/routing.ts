import { messageOf, UserError } from '#lib/errors.ts'
import type { Output } from '#lib/output.ts'
import type { WantedSite } from '#nginx'
import { type App, allApps, globalDomains } from './app.ts'
import { endingSoon, tlsOf } from './certificates.ts'
import { type AppContainer, label, wantedContainers } from './container.ts'
import { containersOf, listContainers } from './containers.ts'
import { untilAppliance } from './health.ts'
import { doorSocket, type Instance } from './instance.ts'
import { isFor } from './plan.ts'
import { routesOf } from './ports.ts'
import { proxyNamed, proxyOf } from './proxies/proxies.ts'
import type { Served } from './proxy.ts'
import { currentRelease } from './release.ts'
import { buildSite, named, siteOf, tellUnserved } from './site.ts'

/**
 * Sends an app's traffic to these containers; a site that is new or changed is made first. What plugins want of it and cannot
 * be served is said, answered, and in nobody's way.
 */
export async function route(app: App, containers: readonly AppContainer[], output: Output): Promise<readonly string[]> {
  for (const text of endingSoon(app)) output.warn(text)
  const built = await buildSite(
    app,
    containers.find((one) => one.process === 'web'),
    output,
  )
  return await tellSite(app, containers, output, built)
}

/** Lets plugins have their say, and tells the appliance an app's site and routes again. */
export async function reroute(app: App, output: Output): Promise<readonly string[]> {
  return await route(app, serving(app, await containersOf(app)), output)
}

/** The same without asking plugins: what they keep in files by now. */
export async function resite(app: App, output: Output): Promise<readonly string[]> {
  return await tellSite(app, serving(app, await containersOf(app)), output)
}

/** In words, what `resite` would not serve; changes nothing. */
export async function unserved(app: App): Promise<readonly string[]> {
  const { site, left } = await siteOf(app)
  const refused = await proxyOf(app).check(app, { site, routes: {} })
  return named(app, [...left, ...refused])
}

async function tellSite(app: App, containers: readonly AppContainer[], output: Output, built: readonly string[] = []) {
  let told: string[] = []
  await oneAtATime(app.instance, async () => {
    const { site, left } = await siteOf(app)
    const refused = await serve(app, { site, routes: routesOf(app, containers) })
    told = [...left, ...refused]
  })
  app.instance.renewals.poke()
  return tellUnserved(app, [...built, ...told], output)
}

/** Lets the app's proxy serve it; whoever served it before leaves only then. */
async function serve(app: App, wanted: Served): Promise<readonly string[]> {
  const proxy = proxyOf(app)
  const refused = await proxy.serve(app, wanted).catch((error: unknown) => {
    throw inWordsOf(app, error)
  })
  const before = app.properties.get('proxy serves') ?? 'nginx'
  if (before !== proxy.name) {
    app.properties.set('proxy serves', proxy.name)
    await proxyNamed(before).leave(app)
  }
  return refused
}

/** Serves an app that was never deployed while its first deploy is under way, so that whoever asks for it hears of that. */
export async function duringFirst<T>(app: App, work: () => Promise<T>): Promise<T> {
  if (currentRelease(app) !== undefined) return await work()
  const { log } = app.instance
  const unsaid = (error: unknown) => log.warn({ err: error, app: app.name }, 'nobody hears of the first deploy')
  const told = oneAtATime(app.instance, async () => {
    const { site } = await siteOf(app)
    await serve(app, { site, routes: routesOf(app, []), because: 'deploying' })
  }).catch(unsaid)
  try {
    return await work()
  } catch (error) {
    await told
    await unroute(app).catch(unsaid)
    throw error
  }
}

/** The appliance's refusal, with the names of apps in place of those of their sites. */
function inWordsOf(app: App, error: unknown): unknown {
  if (!(error instanceof UserError)) return error
  const { code, message, hint } = error
  return new UserError(code, named(app, [message]).join(''), { cause: error, ...(hint === undefined ? {} : { hint }) })
}

/** Takes the site of an app that is gone away, after whoever still saw the app has told of it. */
export async function unroute(app: App): Promise<void> {
  await oneAtATime(app.instance, () => proxyNamed(app.properties.get('proxy serves') ?? 'nginx').leave(app))
}

/** Tells the appliance all sites and routes at once, as they are in the database and on the engine. */
export async function syncRoutes(instance: Instance): Promise<void> {
  await oneAtATime(instance, async () => {
    const byApp = Map.groupBy(await listContainers(instance, { [label.type]: 'deploy' }), ({ appId }) => appId)
    const served = (app: App) => routesOf(app, serving(app, byApp.get(app.id) ?? []))
    const [apps, others] = partition(allApps(instance), (app) => proxyOf(app).name === 'nginx')
    const sites = await Promise.all(apps.map(async (app) => ({ app, ...(await siteOf(app)) })))
    const refused = await instance.appliance.sync({
      sites: [...doorSites(instance), ...sites.map(({ site }) => site)],
      homes: globalDomains(instance),
      routes: Object.assign({}, ...apps.map(served)),
    })
    for (const { app, left } of sites) {
      const reasons = refused.filter(({ name }) => name === app.site).map(({ reason }) => reason)
      tellUnserved(app, [...left, ...reasons])
    }
    for (const app of others) {
      const { site, left } = await siteOf(app)
      const reasons = await serve(app, { site, routes: served(app) }).catch((error: unknown) => [messageOf(error)])
      tellUnserved(app, [...left, ...reasons])
    }
  })
}

function partition<T>(all: readonly T[], isFirst: (one: T) => boolean): [T[], T[]] {
  return [all.filter(isFirst), all.filter((one) => !isFirst(one))]
}

/** Where the HTTP door is found; its name is one that no app can have. */
function doorSites(instance: Instance): WantedSite[] {
  const { httpDoor } = instance.settings
  // Who comes unencrypted is told so there, as git does not follow a redirect with a password.
  return httpDoor === undefined ? [] : [{ name: 'dokku', hosts: [httpDoor], socket: doorSocket, ...tlsOf(instance, { redirect: false }) }]
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
