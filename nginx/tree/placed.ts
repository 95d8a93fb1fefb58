import type { Settings } from '../settings.ts'
import { listen } from '../text.ts'
import { checkAllowed, type Places } from './allowed.ts'
import { type Directive, directivesOf, textOf } from './directives.ts'
import { treeRefused } from './document.ts'
import { expanded } from './macros.ts'
import type { StoredTree } from './stored.ts'

/** A tree's parts where they stand in nginx's configuration, beside those of the sites. */
export interface Placed {
  main: string
  events: string
  http: string
  stream: string
  /** Does it serve on the appliance's own ports, so that hosts of sites must be named there? */
  onOurPorts: boolean
  /** Those of our ports where it has what is nobody's. */
  defaults: ReadonlySet<number>
  /** Ports of its own: number to protocol, `http`, `tcp` or `udp`. */
  ports: ReadonlyMap<string, string>
}

/** What there is without a tree, and where it says nothing else. */
const usual = { worker_processes: 'auto', worker_connections: '16384' }
/** What only `http` can have; everything else there is said in each of its servers instead, so that it means no site. */
const definition = /^(geo|log_format|map|split_clients|upstream|(limit_req|limit_conn)_zone|\w+_cache_path|(map|variables)_hash_\w+)$/
const onlyBelow = /^(break|if|listen|location|return|rewrite|server_name|set|try_files)$/

/** The tree as nginx would read it alone; throws what of it cannot be. */
export function treeAlone({ document, values }: StoredTree, settings: Settings): string {
  return textOf(checked({ document, values }, settings))
}

/** The tree beside sites. Pure. */
export function placed(tree: StoredTree | undefined, settings: Settings): Placed {
  const all = tree === undefined || tree.away === true ? [] : checked(tree, settings)
  const defaults = new Set<number>()
  const ports = new Map<string, string>()
  const opened = new Set<string>()
  const part = (name: string) => all.filter((one) => one.name === name).flatMap(({ block }) => block ?? [])
  const http = servers(part('http'), (server) => {
    const own = listens(server, settings).flatMap((one) => openHttp(one, { server, settings, defaults, ports, opened }))
    return [...own, noSite, ...ownCertificate(server), ...withoutListen(server)]
  })
  const stream = servers(part('stream'), (server) => {
    const own = listens(server, settings)
    for (const one of own) openStream(one, settings, ports)
    return [...own.flatMap((one) => opening(one, opened)), ...withoutListen(server)]
  })
  return {
    main: textOf(
      withUsual(
        all.filter(({ block }) => block === undefined),
        'worker_processes',
      ),
    ),
    events: textOf(withUsual(part('events'), 'worker_connections')),
    http: textOf(http.directives),
    stream: textOf(stream.directives),
    onOurPorts: http.servers.some((server) => listens(server, settings).some(({ port }) => isOurs(port, settings))),
    defaults,
    ports,
  }
}

/** Where the tree's files may be. */
export function placesOf({ stateDir, folders = ['/srv', '/static', '/usr/share/nginx', '/var/www'] }: Settings): Places {
  return { folders, cacheDir: `${stateDir}/cache` }
}

function checked({ document, values }: StoredTree, settings: Settings): Directive[] {
  const directives = directivesOf(expanded(document, values))
  checkAllowed(directives, placesOf(settings))
  return directives
}

function withUsual(directives: readonly Directive[], name: keyof typeof usual): Directive[] {
  const there = directives.some((one) => one.name === name)
  return there ? [...directives] : [{ name, words: [usual[name]], at: '' }, ...directives]
}

/** Definitions first, then each server with what is said around it, where it does not say so itself. */
function servers(
  directives: readonly Directive[],
  of: (server: Directive) => Directive[],
): { directives: Directive[]; servers: Directive[] } {
  const shared = directives.filter(({ name }) => name !== 'server' && !definition.test(name))
  const wrong = shared.find(({ name }) => onlyBelow.test(name))
  if (wrong !== undefined) throw treeRefused(`${wrong.at}: ${wrong.name} stands in a server, not beside it`)
  const found = directives.filter(({ name }) => name === 'server')
  const full = found.map((server) => {
    const own = new Set(server.block?.map(({ name }) => name))
    return { ...server, block: [...of(server), ...shared.filter(({ name }) => !own.has(name))] }
  })
  return { directives: [...directives.filter(({ name }) => definition.test(name)), ...full], servers: found }
}

interface Listen {
  address: string
  port: number
  words: readonly string[]
  at: string
}

/** Where a server listens; on the appliance's HTTP port, unless it says. */
function listens({ block = [], at }: Directive, settings: Settings): Listen[] {
  const said = block.filter(({ name }) => name === 'listen')
  if (said.length === 0) return [{ address: '', port: settings.httpPort, words: [], at }]
  return said.map(({ words: [first = '', ...words], at }) => {
    const [, address = '', digits = ''] = /^(?:(\*|[\d.]+|\[[\da-f:.]+\]):)?(\d{1,5})$/i.exec(first) ?? []
    if (digits === '' || words.some((word) => !/^[\w=:.-]+$/.test(word)))
      throw treeRefused(`${at}: listen takes a port, or an address and a port, and plain parameters`)
    return { address, port: Number(digits), words, at }
  })
}

function withoutListen({ block = [] }: Directive): Directive[] {
  return block.filter(({ name }) => name !== 'listen')
}

/** Logs have a field for the site of a request; these have none. */
const noSite: Directive = { name: 'set', words: ['$site', '""'], at: '' }

/** Certificates of sites are found in shared memory; a server that names its own has that one. */
function ownCertificate({ block = [] }: Directive): Directive[] {
  if (!block.some(({ name }) => name === 'ssl_certificate')) return []
  return [{ name: 'ssl_certificate_by_lua_block', words: [], block: [{ name: 'return', words: [], at: '' }], at: '' }]
}

function openStream({ port, words, at }: Listen, settings: Settings, ports: Map<string, string>): void {
  const protocol = words.includes('udp') ? 'udp' : 'tcp'
  const place = protocol === 'udp' ? `${port}/udp` : `${port}`
  if (protocol === 'tcp' && (isOurs(port, settings) || ports.get(place) === 'http')) throw treeRefused(`${at}: port ${port} is for HTTP`)
  ports.set(place, protocol)
}

function isOurs(port: number, { httpPort, httpsPort }: Settings): boolean {
  return port === httpPort || port === httpsPort
}

interface Opening {
  server: Directive
  settings: Settings
  defaults: Set<number>
  ports: Map<string, string>
  opened: Set<string>
}

/** One `listen` of a server over HTTP. On our own ports it is served beside sites, and has what is nobody's when it has no name. */
function openHttp(one: Listen, { server, settings, defaults, ports, opened }: Opening): Directive[] {
  if (!isOurs(one.port, settings)) {
    ports.set(`${one.port}`, 'http')
    return opening(one, opened)
  }
  if (!['', '*', '0.0.0.0', '[::]'].includes(one.address))
    throw treeRefused(`${one.at}: sites are served on all addresses of port ${one.port}`)
  const named = server.block?.some(({ name }) => name === 'server_name') === true
  const first = !opened.has(`${server.at} ${one.port}`)
  opened.add(`${server.at} ${one.port}`)
  if (!first) return []
  const takes = (!named || one.words.includes('default_server')) && !defaults.has(one.port)
  if (takes) defaults.add(one.port)
  const parameters = [
    one.port === settings.httpsPort ? 'ssl' : '',
    takes ? 'default_server' : '',
    settings.proxyProtocol === true ? 'proxy_protocol' : '',
  ]
  const text = listen(one.port, parameters.map((word) => (word === '' ? '' : ` ${word}`)).join(''), settings)
  return text
    .trim()
    .split('\n')
    .map((line) => ({ name: 'listen', words: line.replace(/^listen |;$/g, '').split(' '), at: one.at }))
}

/** A `listen` of a port of the tree's own; the first of an address carries what belongs to the address. */
function opening({ address, port, words, at }: Listen, opened: Set<string>): Directive[] {
  const place = `${address === '*' || address === '0.0.0.0' ? '' : address}:${port}${words.includes('udp') || words.includes('quic') ? '/udp' : ''}`
  const rest = words.filter((word) => word !== 'reuseport')
  const fresh = !opened.has(place)
  opened.add(place)
  return [{ name: 'listen', words: [address === '' ? `${port}` : `${address}:${port}`, ...rest, ...(fresh ? ['reuseport'] : [])], at }]
}
