import type { ContainerInspectInfo, NetworkInspectInfo } from 'dockerode'
import * as z from 'zod'
import { hasStatus } from '#lib/docker.ts'
import { messageOf, UserError } from '#lib/errors.ts'
import { type App, allApps, numberedApp } from './app.ts'
import { linkNetwork } from './app-network.ts'
import { type AppContainer, appContainer, label } from './container.ts'
import type { Link, Phase } from './docker-flags.ts'
import { flagsFor } from './docker-options.ts'
import { effectOf } from './flag-effects.ts'
import type { Instance } from './instance.ts'
import { recordOnce } from './journal.ts'
import { ensureNetwork, leave, removeNetwork } from './networks.ts'
import { currentRelease, type Release } from './release.ts'
import { namesOf } from './services.ts'

/** What the containers of a release are linked to in a phase: those of one process type. */
export function linksOf({ options, args }: Pick<Release, 'options' | 'args'>, phase: Phase, process: string): Link[] {
  return effectOf(flagsFor([...options, ...args], phase, process)).links ?? []
}

/** The same of all process types, deployed or not. */
export function allLinks(release: Pick<Release, 'options' | 'args'> | undefined): Link[] {
  if (release === undefined) return []
  const processes = new Set([...release.options, ...release.args].map(({ process }) => process))
  return [...processes].flatMap((process) => [...linksOf(release, 'deploy', process), ...linksOf(release, 'run', process)])
}

/**
 * Makes sure that an app has a network with the containers it is linked to, and that they have their aliases there; answers
 * the network's name. UserError `link-missing`, `link-refused`, `link-failed`.
 */
export async function ensureLinks(app: App, links: readonly Link[]): Promise<string> {
  const { instance } = app
  const { engine, settings } = instance
  // What serves keeps its names when something comes beside it.
  const all = [...links, ...allLinks(currentRelease(app))]
  return await instance.inOrder(`links of ${app.id}`, async () => {
    const names = [...new Set(links.map(({ container }) => container))]
    const found = await Promise.all(names.map((name) => inspectLinked(app, name)))
    const network = linkNetwork(instance, app.id)
    await ensureNetwork(engine, network, { instance: settings.name, kind: 'link' })
    for (const [at, container] of found.entries()) {
      const aliases = all.flatMap((link) => (link.container === names[at] ? [link.alias] : []))
      await join(instance, network, container, [...new Set(aliases)])
    }
    return network
  })
}

/** What is of dokku itself is nobody's to link to: apps do not reach each other. */
async function inspectLinked(app: App, name: string): Promise<ContainerInspectInfo> {
  const { engine, settings } = app.instance
  const found = await engine
    .getContainer(name)
    .inspect()
    .catch((error: unknown) => {
      if (!hasStatus(error, 404)) throw error
    })
  if (found === undefined)
    throw new UserError('link-missing', `${app.name} is linked to the container ${name}, and there is none`, {
      hint: `make it again, or end the link: docker-options:report ${app.name}`,
    })
  if (label.instance in found.Config.Labels || label.app in found.Config.Labels || found.Name === `/${settings.name}`)
    throw new UserError('link-refused', `${app.name} cannot be linked to ${name}, which is dokku’s`, {
      hint: 'apps reach each other under their domains, as everybody does',
    })
  return found
}

async function join({ engine }: Instance, network: string, container: ContainerInspectInfo, aliases: string[]): Promise<void> {
  const endpoint = container.NetworkSettings.Networks[network]
  if (endpoint !== undefined) {
    const { Id: id } = (await engine.getNetwork(network).inspect()) as NetworkInspectInfo
    if (endpoint.NetworkID === id && aliases.every((alias) => endpoint.Aliases?.includes(alias))) return
    await leave(engine, network, container.Id)
  }
  try {
    await engine.getNetwork(network).connect({ Container: container.Id, EndpointConfig: { Aliases: aliases } })
  } catch (error) {
    const name = container.Name.slice(1)
    throw new UserError('link-failed', `${name} cannot join the network of an app: ${messageOf(error)}`, {
      cause: error,
      hint: 'a container on the network of the host, or of another container, cannot be linked to',
    })
  }
}

const row = z.object({ id: z.number() })

/** Apps whose release has links, or services, by one look at the database. */
function linkedApps(instance: Instance): App[] {
  const some = `unseal(r.options) LIKE '%--link %' OR unseal(r.args) LIKE '%--link %' OR r.manifest LIKE '%"services":%'`
  const query = `SELECT a.id FROM apps a JOIN releases r ON r.id = a.release_id WHERE ${some}`
  return instance.db.all(row, query).flatMap(({ id }) => numberedApp(instance, id) ?? [])
}

/** A container that was started, perhaps made again, joins the networks of the apps that are linked to it. */
export async function relink(instance: Instance, container: string): Promise<void> {
  for (const app of linkedApps(instance)) {
    const links = allLinks(currentRelease(app)).filter((link) => link.container === container)
    if (links.length > 0) await trying(app, () => restoreLinks(app, links))
  }
}

/** The same as `ensureLinks` for what was deployed before: what is wrong with a link is said, and holds up neither the others nor the app. */
export async function restoreLinks(app: App, links: readonly Link[]): Promise<string> {
  const { engine, settings } = app.instance
  const network = linkNetwork(app.instance, app.id)
  await ensureNetwork(engine, network, { instance: settings.name, kind: 'link' })
  for (const some of Map.groupBy(links, ({ container }) => container).values()) await trying(app, () => ensureLinks(app, some))
  return network
}

/** Part of the full pass: what was made again or taken off while nobody looked joins, and what no release names any more leaves. */
export async function syncLinks(instance: Instance): Promise<void> {
  const filters = { label: [`${label.instance}=${instance.settings.name}`] }
  const networks = await instance.engine.listNetworks({ filters: JSON.stringify(filters) })
  const there = new Set(networks.map(({ Name: name }) => name))
  const linked = new Set(linkedApps(instance))
  const concerned = allApps(instance).filter((app) => linked.has(app) || there.has(linkNetwork(instance, app.id)))
  await Promise.all(concerned.map((app) => instance.inOrder(app.id, () => syncApp(app))))
}

async function syncApp(app: App): Promise<void> {
  const { instance } = app
  const { engine, settings } = instance
  const release = currentRelease(app)
  const links = allLinks(release)
  const names = new Set(links.map(({ container }) => container))
  await trying(app, async () => {
    if (links.length > 0) await restoreLinks(app, links)
    const network = linkNetwork(instance, app.id)
    const on = await engine.listContainers({ all: true, filters: { network: [network] } })
    const own = release === undefined ? [] : await rejoin(app, release, new Set(on.map(({ Id: id }) => id)))
    const strangers = on.filter(({ Labels: labels }) => labels[label.id] !== String(app.id))
    const wanted = ({ Id: id, Names: of }: (typeof on)[number]) => [id, ...of.map((one) => one.slice(1))].some((one) => names.has(one))
    if (names.size + own.length === 0 && strangers.length === on.length) return await removeNetwork(engine, network, settings.name)
    for (const one of strangers) if (!wanted(one)) await leave(engine, network, one.Id)
  })
}

/** Containers of services that somebody took off the network on which they find each other, or that was removed, are on it again. */
async function rejoin({ instance, id }: App, { manifest }: Release, on: ReadonlySet<string>): Promise<AppContainer[]> {
  if (manifest.services === undefined) return []
  const { engine, settings } = instance
  const name = linkNetwork(instance, id)
  const wanted = { [label.instance]: settings.name, [label.id]: String(id), [label.type]: 'deploy' }
  const filters = { label: Object.entries(wanted).map(([key, value]) => `${key}=${value}`) }
  const own = (await engine.listContainers({ all: true, filters })).map((info) => appContainer(info, id))
  const missing = own.filter((one) => one.stage === 'serving' && !on.has(one.id))
  if (missing.length > 0) await ensureNetwork(engine, name, { instance: settings.name, kind: 'link' })
  for (const { id: Container, process } of missing)
    await engine.getNetwork(name).connect({ Container, EndpointConfig: { Aliases: namesOf({ manifest }, process) } })
  return own
}

/** What is wrong with one link is said, and holds up nothing else. */
async function trying(app: App, work: () => Promise<unknown>): Promise<void> {
  await work().catch((error: unknown) => {
    app.instance.log.warn({ err: error, app: app.name }, 'a link of the app is not as it should be')
    if (error instanceof UserError) recordOnce(app.instance.db, { app: app.name, by: 'dokku', text: error.message })
  })
}
