import type { AppContainer } from './container.ts'
import { glance } from './glance.ts'
import type { Instance } from './instance.ts'

/** A socket that listens: where, and the user id of the process that opened it. */
export interface Listener {
  address: string
  port: number
  uid: number
}

/** Where the processes of a container listen, as address:port; asked from inside its network, where we have a program. */
export async function listeningIn(instance: Instance, { id }: AppContainer): Promise<string[]> {
  const found = await listenersIn(instance, `container:${id}`)
  return [...new Set(found.map(({ address, port }) => `${address}:${port}`))]
}

/** Everything that listens in a network: `host`, or `container:ID`. */
export async function listenersIn(instance: Instance, network: string): Promise<Listener[]> {
  // Only those that listen: a busy machine has more connections than anybody reads.
  const found = await glance(instance, ['grep', '--no-filename', ' 0A ', '/proc/net/tcp', '/proc/net/tcp6'], { network })
  return listeners(found.join('\n'))
}

/** Listening sockets in the kernel's /proc/net/tcp and tcp6 format. Docker's own resolver does not count. */
export function listeners(table: string): Listener[] {
  return [...table.matchAll(/^\s*\d+: ([0-9A-F]+):([0-9A-F]{4}) \S+ 0A \S+ \S+ \S+ +(\d+)/gm)]
    .map(([, address = '', port = '', uid]) => ({
      address: address.length === 8 ? fourBytes(address) : isZero(address) ? '0.0.0.0' : 'an IPv6 address',
      port: Number.parseInt(port, 16),
      uid: Number(uid),
    }))
    .filter(({ address }) => address !== '127.0.0.11')
}

/** The kernel prints an address as one little-endian word. */
function fourBytes(hex: string): string {
  return [6, 4, 2, 0].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)).join('.')
}

function isZero(hex: string): boolean {
  return /^0+$/.test(hex)
}
