import type { NetworkInspectInfo } from 'dockerode'
import type { Docker } from '#lib/docker.ts'
import { hasStatus } from '#lib/docker.ts'
import { UserError } from '#lib/errors.ts'
import { label } from './container.ts'

/** A bridge that app containers join, and the subnet their addresses come from. */
export interface AppNetwork {
  name: string
  subnet: string
}

/** Explicit subnets, because Docker's default pools end at about 30 networks. */
const pool = { base: [10, 213] as const, perNetwork: { shared: 20, single: 26, link: 26 } }

interface NetworkOptions {
  instance: string
  kind: keyof typeof pool.perNetwork
  subnet?: string | undefined
  /** It leads nowhere else. */
  internal?: boolean
}

/** What is being ensured at this moment: asked twice at once, the engine makes two networks of one name. */
const underWay = new Map<string, Promise<AppNetwork>>()

/**
 * Makes sure a bridge exists on which containers cannot talk to each other. `single` is a small one for one app, which
 * the appliance joins where it has no host network; there the app's own containers may talk. `link` is one for an app and
 * what it is linked to, which may talk as well, and which leads nowhere else.
 */
export function ensureNetwork(engine: Docker, name: string, options: NetworkOptions): Promise<AppNetwork> {
  const ensured = underWay.get(name) ?? ensure(engine, name, options).finally(() => underWay.delete(name))
  underWay.set(name, ensured)
  return ensured
}

async function ensure(engine: Docker, name: string, options: NetworkOptions): Promise<AppNetwork> {
  const found = await inspect(engine, name, options.instance)
  if (found !== undefined) return { name, subnet: found }
  for (const subnet of options.subnet === undefined ? candidates(name, pool.perNetwork[options.kind]) : [options.subnet]) {
    try {
      await engine.createNetwork({
        Name: name,
        CheckDuplicate: true,
        Driver: 'bridge',
        Internal: options.kind === 'link' || options.internal === true,
        // Keeping containers apart is a rule for IPv4 only; some engines give IPv6 to every network by default.
        EnableIPv6: false,
        Labels: { [label.instance]: options.instance },
        IPAM: { Driver: 'default', Config: [{ Subnet: subnet }] },
        Options: { 'com.docker.network.bridge.enable_icc': String(options.kind !== 'shared') },
      })
      return { name, subnet }
    } catch (error) {
      if (hasStatus(error, 409)) return { name, subnet: (await inspect(engine, name, options.instance)) ?? subnet }
      if (!hasStatus(error, 400, 403, 500) || !/overlap|in use|conflict/i.test(String(error))) throw error
    }
  }
  throw new UserError('no-subnet', `no free subnet was found for the network ${name}`, { hint: 'name one with DOKKU_SUBNET=10.50.0.0/20' })
}

/** Removes a network of the instance, whoever is on it: what is stopped could not start again with a network that is gone. */
export async function removeNetwork(engine: Docker, name: string, instance: string): Promise<void> {
  const network = engine.getNetwork(name)
  try {
    if (((await network.inspect()) as NetworkInspectInfo).Labels?.[label.instance] !== instance) return
    const joined = await engine.listContainers({ all: true, filters: { network: [name] } })
    for (const { Id: id } of joined) await leave(engine, name, id)
    await network.remove()
  } catch (error) {
    if (!hasStatus(error, 404)) throw error
  }
}

/** Takes a container off a network; one that is not on it, or gone, is fine. */
export async function leave(engine: Docker, network: string, container: string): Promise<void> {
  await engine
    .getNetwork(network)
    .disconnect({ Container: container, Force: true })
    .catch((error: unknown) => {
      if (!hasStatus(error, 403, 404, 500)) throw error
    })
}

/** UserError `name-taken`: something of ours cannot be made, and what has its name is not touched. */
export function taken(kind: 'container' | 'network', name: string): UserError {
  return new UserError('name-taken', `the ${kind} ${name} is not this instance’s, and stays as it is`, {
    hint: 'rename or remove it, or give the instance another DOKKU_NAME',
  })
}

/** Containers might talk to each other on a network that somebody else made. */
async function inspect(engine: Docker, name: string, instance: string): Promise<string | undefined> {
  try {
    const info = (await engine.getNetwork(name).inspect()) as NetworkInspectInfo
    if (info.Labels?.[label.instance] !== instance) throw taken('network', name)
    const subnet = info.IPAM?.Config?.find((config) => config.Subnet?.includes('.'))?.Subnet
    if (subnet === undefined) throw new Error(`network ${name} has no IPv4 subnet`)
    return subnet
  } catch (error) {
    if (hasStatus(error, 404)) return undefined
    throw error
  }
}

/** Subnets to try, starting at a place of the name's own, so that two instances seldom try the same. */
function candidates(name: string, bits: number): string[] {
  const size = 2 ** (32 - bits)
  const count = 2 ** 16 / size
  const start = [...name].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % count, 7)
  return Array.from({ length: count }, (_, n) => {
    const offset = ((start + n) % count) * size
    return `${pool.base.join('.')}.${Math.floor(offset / 256)}.${offset % 256}/${bits}`
  })
}
