import { hasStatus } from '#lib/docker.ts'
import { applianceAddress } from './addresses.ts'
import { allApps } from './app.ts'
import { type Instance, objectNames } from './instance.ts'
import { type AppNetwork, ensureNetwork } from './networks.ts'

/** The network an app's containers join: shared on a host network, else one of its own that the appliance joins too. */
export async function networkOf(instance: Instance, appId: number): Promise<AppNetwork> {
  const { settings, engine } = instance
  const names = objectNames(settings.name)
  if (instance.network === 'host')
    return await ensureNetwork(engine, names.network, { instance: settings.name, kind: 'shared', subnet: settings.subnet })
  const network = await ensureNetwork(engine, appNetwork(instance, appId), {
    instance: settings.name,
    kind: 'single',
    internal: settings.scratch,
  })
  await engine
    .getNetwork(network.name)
    .connect({ Container: names.appliance, EndpointConfig: { IPAMConfig: { IPv4Address: applianceAddress(network.subnet) } } })
    .catch((error: unknown) => {
      if (!hasStatus(error, 403, 409) || !/already/i.test(String(error))) throw error
    })
  return network
}

/** The name of the network that an app has to itself where the appliance publishes its ports. */
function appNetwork({ settings }: Instance, appId: number | string): string {
  return `${settings.name}-app-${appId}`
}

/** The name of the network on which an app finds the containers it is linked to. */
export function linkNetwork({ settings }: Instance, appId: number | string): string {
  return `${settings.name}-link-${appId}`
}

/** All networks that an app may have to itself. */
export function appNetworks(instance: Instance, appId: number | string): string[] {
  return [appNetwork(instance, appId), linkNetwork(instance, appId)]
}

/** A new appliance is on no app's network yet. */
export async function joinNetworks(instance: Instance): Promise<void> {
  if (instance.network === 'published') await Promise.all(allApps(instance).map((app) => networkOf(instance, app.id)))
}
