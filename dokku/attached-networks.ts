import type { NetworkInspectInfo } from 'dockerode'
import { hasStatus } from '#lib/docker.ts'
import { UserError } from '#lib/errors.ts'
import { type App, allApps } from './app.ts'
import { label } from './container.ts'
import type { Phase } from './docker-flags.ts'
import { type DockerOption, flagsFor, optionsBy } from './docker-options.ts'
import { effectOf } from './flag-effects.ts'
import type { Instance } from './instance.ts'
import { flagText } from './parse-flags.ts'
import type { Release } from './release.ts'

/** A network that somebody made and containers of apps may join. */
export interface AttachedNetwork {
  name: string
  id: string
  driver: string
  scope: string
  internal: boolean
  /** Did this instance make it? */
  ours: boolean
}

/** On what `network:create` made. */
const madeLabel = 'dokku.network'
const builtIn = ['bridge', 'host', 'none', 'default', 'ingress', 'docker_gwbridge']

/** Refuses the names of Docker's own networks and of ours, on which apps are kept apart: UserError `bad-network-name`, `network-refused`. */
export function checkNetworkName({ settings }: Instance, name: string): string {
  if (!/^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,62}$/.test(name))
    throw new UserError('bad-network-name', `${JSON.stringify(name.slice(0, 60))} is not the name of a network`, {
      hint: 'letters, digits, dashes, dots and underscores, at most 63 of them',
    })
  const own = new RegExp(`^${settings.name}-(apps|app-\\d+|link-\\d+)$`)
  if (!builtIn.includes(name) && !own.test(name)) return name
  throw new UserError(
    'network-refused',
    `${name} is ${own.test(name) ? 'dokku’s' : 'Docker’s'} own network: on it apps would reach what they must not`,
    {
      hint: 'network:create NAME makes one for apps that are to reach each other',
    },
  )
}

/** The networks that apps may be attached to: all of the engine's that are neither Docker's own nor ours. */
export async function listAttachable(instance: Instance): Promise<AttachedNetwork[]> {
  const found = await instance.engine.listNetworks()
  return found
    .filter(({ Labels: labels = {}, Name: name }) => !builtIn.includes(name) && (!(label.instance in labels) || madeLabel in labels))
    .map((info) => attached(instance, info as NetworkInspectInfo))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** UserError `no-such-network`. */
export async function findAttachable(instance: Instance, name: string): Promise<AttachedNetwork> {
  const found = (await listAttachable(instance)).find((one) => one.name === name)
  if (found !== undefined) return found
  throw new UserError('no-such-network', `there is no network ${name}`, { hint: `network:create ${name}` })
}

/** UserError `network-exists`. */
export async function createAttachable(instance: Instance, name: string): Promise<void> {
  if ((await listAttachable(instance)).some((one) => one.name === name))
    throw new UserError('network-exists', `the network ${name} is there already`)
  const Labels = attachableLabels(instance.settings.name, name)
  await instance.engine.createNetwork({ Name: name, CheckDuplicate: true, Driver: 'bridge', Labels })
}

/** What tells that an instance made a network for apps to join. */
export function attachableLabels(instance: string, name: string): Record<string, string> {
  return { [label.instance]: instance, [madeLabel]: name }
}

/** Removes a network that we made: UserError `network-in-use` while an app is to be attached or a container is. */
export async function destroyAttachable(instance: Instance, name: string): Promise<void> {
  const { ours } = await findAttachable(instance, name)
  if (!ours)
    throw new UserError('network-refused', `${name} was not made by network:create, and stays`, { hint: `docker network rm ${name}` })
  const apps = allApps(instance).filter((app) => networksOf(app).includes(name))
  if (apps.length > 0)
    throw new UserError(
      'network-in-use',
      `${apps.map((one) => one.name).join(', ')} ${apps.length > 1 ? 'are' : 'is'} attached to ${name}`,
      {
        hint: `network:set ${apps[0]?.name} attach-post-create`,
      },
    )
  await instance.engine
    .getNetwork(name)
    .remove()
    .catch((error: unknown) => {
      if (!hasStatus(error, 403, 409)) throw error
      throw new UserError('network-in-use', `containers are on ${name}`, { hint: `docker network inspect ${name} shows them` })
    })
}

/** The networks that the deployed containers of an app's next release join. */
export function networksOf(app: App): string[] {
  return effectOf(flagsFor(optionsBy(app, 'network'), 'deploy')).networks ?? []
}

/** The options that say it; containers of one-off commands join those too. */
export function networkOptions(names: readonly string[]): DockerOption[] {
  return names.flatMap((value) =>
    (['deploy', 'run'] as const).map((phase) => ({ phase, process: '', option: flagText({ name: 'network', value }) })),
  )
}

/** Joins a container that was never started to the networks of its release, by the name that others call it there. UserError `network-missing`. */
export async function attach(
  app: App,
  release: Pick<Release, 'options' | 'args'>,
  { phase, process, id }: { phase: Phase; process: string; id: string },
) {
  const { networks = [] } = effectOf(flagsFor([...release.options, ...release.args], phase, process))
  const tld = app.properties.get('network tld')
  const alias = `${app.name}.${process}`
  for (const name of networks)
    await app.instance.engine
      .getNetwork(name)
      .connect({ Container: id, EndpointConfig: { Aliases: [alias, ...(tld === undefined ? [] : [`${alias}.${tld}`])] } })
      .catch((error: unknown) => {
        if (!hasStatus(error, 404)) throw error
        throw new UserError('network-missing', `${app.name} is attached to the network ${name}, and there is none`, {
          hint: `network:create ${name}, or network:set ${app.name} attach-post-create`,
        })
      })
}

function attached({ settings }: Instance, { Name, Id, Driver, Scope, Internal, Labels = {} }: NetworkInspectInfo): AttachedNetwork {
  const ours = Labels[label.instance] === settings.name && madeLabel in Labels
  return { name: Name, id: Id, driver: Driver, scope: Scope, internal: Internal, ours }
}
