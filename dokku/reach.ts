import { freeAddress, gatewayAddress, leaseAddress } from './addresses.ts'
import type { App } from './app.ts'
import { networkOf } from './app-network.ts'
import { glance } from './glance.ts'
import { type Instance, objectNames } from './instance.ts'
import { type Listener, listenersIn } from './listening.ts'

/** A TCP port outside of its own containers that an app reaches, and whose it is as far as that is known. */
export interface Reachable {
  address: string
  port: number
  what: string
}

/** Where clouds tell a machine its own secrets; it has the same address everywhere. */
const metadata = { address: '169.254.169.254', port: 80, what: 'the cloud’s metadata of this machine' }

/** What of the host an app reaches: all that listens there is tried from inside the app's network. */
export async function reachable(app: App): Promise<Reachable[]> {
  const { instance } = app
  const network = await networkOf(instance, app.id)
  const [listening, published] = await Promise.all([listenersIn(instance, 'host'), publishedPorts(instance)])
  const candidates = [...listedPorts(listening, published, gatewayAddress(network.subnet)), metadata]
  const address = leaseAddress(instance.db, network.subnet, 'a glance')
  try {
    const argv = ['node', `${import.meta.dirname}/answering.ts`, ...candidates.map(target)]
    const open = new Set(await glance(instance, argv, { network: network.name, address }))
    return candidates.filter((one) => open.has(target(one)))
  } finally {
    freeAddress(instance.db, address)
  }
}

/** What may be reachable: every listener of the host that is not its own business, and every published port, once each. */
export function listedPorts(listening: readonly Listener[], published: ReadonlyMap<number, string>, host: string): Reachable[] {
  const listed = listening
    .filter(({ address }) => /^\d/.test(address) && !address.startsWith('127.'))
    .map(({ address, port, uid }) => ({
      address: address === '0.0.0.0' ? host : address,
      port,
      what: published.get(port) ?? `a process of the host, of ${uid === 0 ? 'root' : `user id ${uid}`}`,
    }))
  const forwarded = [...published].map(([port, what]) => ({ address: host, port, what }))
  const byTarget = new Map([...listed, ...forwarded].map((one) => [target(one), one]))
  return [...byTarget.values()].sort((a, b) => a.port - b.port)
}

/** Whose the published ports are, and those of our appliance, which needs to publish none on the host's network. */
async function publishedPorts(instance: Instance): Promise<Map<number, string>> {
  const { appliance } = objectNames(instance.settings.name)
  const containers = await instance.engine.listContainers()
  const published = containers.flatMap(({ Names: names, Ports: ports }) =>
    ports
      .filter(({ Type, PublicPort, IP }) => Type === 'tcp' && PublicPort && !IP?.startsWith('127.'))
      .map(({ PublicPort }): [number, string] => [PublicPort, `container ${names[0]?.slice(1)}`]),
  )
  const ours = [instance.settings.httpPort, instance.settings.httpsPort].map((port): [number, string] => [port, `container ${appliance}`])
  return new Map([...ours, ...published])
}

function target({ address, port }: Pick<Reachable, 'address' | 'port'>): string {
  return `${address}:${port}`
}
