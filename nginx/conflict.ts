import { isEncrypted, isStream } from './listener.ts'
import type { Settings } from './settings.ts'
import type { Site } from './site.ts'

/** Two sites with one host: nginx only warns and serves the first, so we say it. */
export function sharedHost(sites: readonly Site[]): string | undefined {
  const owners = new Map<string, string>()
  for (const { name, hosts } of sites) {
    for (const host of hosts) {
      const owner = owners.get(host)
      if (owner !== undefined) return owner === name ? `there are two sites called ${name}` : `${host} belongs to ${owner}`
      owners.set(host, name)
    }
  }
  return undefined
}

/** Two sites that want different things of one port: nginx would serve the first, or not start. */
export function sharedPort(
  sites: readonly Site[],
  { httpPort, httpsPort }: Pick<Settings, 'httpPort' | 'httpsPort'>,
  ofTree: ReadonlyMap<string, string> = new Map(),
): string | undefined {
  const owners = new Map([
    [`${httpPort}`, { kind: 'http', name: 'the appliance' }],
    [`${httpsPort}`, { kind: 'https', name: 'the appliance' }],
    ...[...ofTree].map(([place, protocol]) => [place, { kind: `${protocol} `, name: 'the tree' }] as const),
  ])
  for (const { name, listeners = [] } of sites)
    for (const one of listeners) {
      if (one.port === undefined) continue
      const place = one.scheme === 'udp' ? `${one.port}/udp` : `${one.port}`
      const kind = isStream(one)
        ? one.scheme
        : `${isEncrypted(one) ? 'https' : 'http'}${one.proxyProtocol === true ? ' with the PROXY protocol' : ''}`
      const owner = owners.get(place)
      if (owner !== undefined && (owner.kind !== kind || isStream(one))) return `port ${one.port} is ${owner.kind.trim()} of ${owner.name}`
      owners.set(place, { kind, name })
    }
  return undefined
}
