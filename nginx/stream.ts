import { isStream } from './listener.ts'
import type { Settings } from './settings.ts'
import type { Site } from './site.ts'
import { block, listen } from './text.ts'

/** Plain TCP and UDP: the upstreams of `routes` stand in the configuration, so a switch of theirs reloads. Empty when nobody wants it. */
export function stream(sites: readonly Site[], routes: ReadonlyMap<string, string>, settings: Settings, ofTree = ''): string {
  const wanted = sites.flatMap((site) => (site.listeners ?? []).filter(isStream).map((one) => ({ ...one, route: one.route ?? site.name })))
  if (wanted.length === 0 && ofTree === '') return ''
  const upstreams = [...new Set(wanted.map(({ route }) => route))].flatMap((route) => {
    const keys = upstreamsOf(routes, route)
    return keys.length === 0 ? [] : block(`upstream ${route}`, keys.map((key) => `server ${key};\n`).join(''))
  })
  const servers = wanted.map(({ scheme, port, route }) =>
    block(
      'server',
      listen(port, scheme === 'udp' ? ' udp reuseport' : ' reuseport', settings) +
        (upstreamsOf(routes, route).length === 0 ? 'return "";\n' : `proxy_pass ${route};\n`),
    ),
  )
  return block('stream', `proxy_connect_timeout 10s;\n${[...upstreams, ...servers].join('')}${ofTree}`)
}

/** The routes that stand in the configuration. */
export function streamRoutes(sites: readonly Site[]): Set<string> {
  return new Set(sites.flatMap((site) => (site.listeners ?? []).filter(isStream).map((one) => one.route ?? site.name)))
}

function upstreamsOf(routes: ReadonlyMap<string, string>, route: string): string[] {
  return (routes.get(route) ?? '').split(' ').filter((key) => key !== '' && !key.startsWith('='))
}
