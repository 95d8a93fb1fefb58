import { UserError } from '#lib/errors.ts'
import type { Listener } from '#nginx'
import type { App } from './app.ts'
import { certificateOf } from './certificates.ts'
import type { AppContainer } from './container.ts'

const schemes = ['http', 'https', 'grpc', 'grpcs', 'tcp', 'udp'] as const

/** A port of the host, and the port of the app's containers that it leads to. */
export interface PortMap {
  readonly scheme: (typeof schemes)[number]
  readonly host: number
  readonly container: number
}

/** What an app without a map of its own is served by, as Dokku shows it. */
export const usualPort = 5000

/** SCHEME:HOST-PORT:CONTAINER-PORT; without the last one, both are the same. UserError `bad-port`. */
export function parsePortMap(word: string): PortMap {
  const [, named = '', host = '', container = host] = /^([a-z]+):(\d{1,5})(?::(\d{1,5}))?$/.exec(word) ?? []
  const scheme = schemes.find((one) => one === named)
  if (scheme === undefined || ![host, container].every(isPort))
    throw new UserError('bad-port', `${JSON.stringify(word.slice(0, 60))} is no port map`, {
      hint: `SCHEME:HOST-PORT:CONTAINER-PORT, such as http:80:5000; schemes are ${schemes.join(', ')}`,
    })
  return { scheme, host: Number(host), container: Number(container) }
}

export function formatPortMap({ scheme, host, container }: PortMap): string {
  return `${scheme}:${host}:${container}`
}

/** The ports that somebody chose for an app. */
export function portMaps({ properties }: App): PortMap[] {
  return (properties.get('ports map') ?? '').split(' ').filter(Boolean).map(parsePortMap)
}

/** Stores the ports of an app; none makes it those that follow from what it is again. UserError `bad-port`, `port-taken`. */
export function storePortMaps(app: App, maps: readonly PortMap[]): void {
  const words = maps.map(formatPortMap)
  const places = maps.map(({ scheme, host }) => (scheme === 'udp' ? `${host}/udp` : `${host}`))
  const twice = places.find((place, at) => places.indexOf(place) !== at)
  if (twice !== undefined) throw new UserError('bad-port', `${twice} is mapped twice`, { hint: 'ports:set replaces all maps of an app' })
  for (const one of maps) assertFree(app, one)
  app.properties.set('ports map', words.sort().join(' '))
}

/** The ports by which an app without a map is served. */
export function detectedMaps(app: App, container = usualPort): PortMap[] {
  const plain: PortMap = { scheme: 'http', host: 80, container }
  return certificateOf(app) === undefined ? [plain] : [plain, { scheme: 'https', host: 443, container }]
}

/** The container port by which an app is reached first, where somebody chose it: its PORT, unless config says otherwise. */
export function mainPort(app: App): number | undefined {
  const maps = portMaps(app)
  return (maps.find(({ scheme, host }) => scheme === 'http' && host === 80) ?? maps.find(({ scheme }) => !isStream(scheme)) ?? maps[0])
    ?.container
}

/** Where the appliance is to serve an app, when that is not as usual. */
export function listenersOf(app: App): { listeners?: Listener[] } {
  const maps = portMaps(app)
  if (maps.length === 0) return {}
  const main = mainPort(app)
  const encrypted = maps.some(({ scheme, host }) => host === 443 && (scheme === 'https' || scheme === 'grpcs'))
  const first = maps.find(({ scheme, host }) => scheme === 'http' && host === 80)
  // Who has a certificate is served with it, whether its map knows or not.
  const added: PortMap[] =
    first === undefined || encrypted || certificateOf(app) === undefined ? [] : [{ ...first, scheme: 'https', host: 443 }]
  return { listeners: [...maps, ...added].map((one) => listener(app, one, main)) }
}

/** The routes of an app to these containers: the one of its site, and one for each other port that is mapped. */
export function routesOf(app: App, containers: readonly AppContainer[]) {
  const web = containers.filter((one) => one.process === 'web')
  const main = mainPort(app)
  const others = new Set(portMaps(app).map(({ container }) => container))
  const to = (port?: number) => web.map((one) => ({ address: one.address, port: port ?? one.port }))
  if (main !== undefined) others.delete(main)
  return { [app.site]: to(main), ...Object.fromEntries([...others].map((port) => [`${app.site}.${port}`, to(port)])) }
}

function listener({ instance: { settings }, site }: App, { scheme, host, container }: PortMap, main: number | undefined): Listener {
  const route = container === main ? {} : { route: `${site}.${container}` }
  if (isStream(scheme)) return { scheme, port: host, ...route }
  const own = scheme === 'http' || scheme === 'grpc' ? 80 : 443
  const port = host === own ? {} : { port: host === 80 ? settings.httpPort : host === 443 ? settings.httpsPort : host }
  return { scheme, ...port, ...route }
}

function isStream(scheme: PortMap['scheme']): scheme is 'tcp' | 'udp' {
  return scheme === 'tcp' || scheme === 'udp'
}

function assertFree({ instance: { settings, network } }: App, one: PortMap): void {
  const { scheme, host } = one
  if (isStream(scheme) ? host === 80 || host === 443 : (host === 80 && scheme.endsWith('s')) || (host === 443 && !scheme.endsWith('s')))
    throw new UserError('port-taken', `${formatPortMap(one)}: port ${host} is ${host === 80 ? 'http' : 'https'} of every app`)
  if (host === settings.sshPort) throw new UserError('port-taken', `${formatPortMap(one)}: port ${host} is where dokku itself listens`)
  if (network === 'published' && host !== 80 && host !== 443)
    throw new UserError('port-taken', `${formatPortMap(one)}: only 80 and 443 are published by the appliance here`, {
      hint: 'other ports need an engine on whose host network the appliance can be: DOKKU_NETWORK=host',
    })
}

function isPort(text: string): boolean {
  const port = Number(text)
  return port >= 1 && port <= 65535
}
