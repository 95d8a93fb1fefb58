import { logged } from './access-log.ts'
import { type Directives, together } from './directives.ts'
import { frontDirectives, redirectDirectives } from './front-directives.ts'
import { appLocations, proxied } from './generic.ts'
import { headers } from './headers.ts'
import { redirects } from './hosts.ts'
import { isEncrypted, isStream, type Listener } from './listener.ts'
import { optionDirectives } from './option-directives.ts'
import { additionsDir, httpsSuffix, type Settings } from './settings.ts'
import type { Site } from './site.ts'
import { block, indent, listen } from './text.ts'
import { toHttps, trustsProxies } from './trust.ts'

type HttpListener = Exclude<Listener, { scheme: 'tcp' | 'udp' }>

/** All of a site that has words in the configuration: what was added beside it comes first, and serves the hosts that it names in the site's place. `sent` to HTTPS by the server for all, it has no words about that. */
export function served(site: Site, settings: Settings, sent = false): string {
  const beside = site.additions?.beside ?? []
  const taken = new Set(beside.flatMap((one) => one.hosts))
  const hosts = site.hosts.filter((host) => !taken.has(host))
  return include(site, beside, settings) + (hosts.length > 0 ? servers({ ...site, hosts }, settings, sent) : '')
}

/** What the http block has to define for a site. */
export function defined(site: Site, settings: Settings): Directives['http'] {
  return site.socket === undefined ? words(site, settings).http : {}
}

function words(site: Site, settings: Settings): Directives {
  const again = redirects(site) ? toHttps(site.options ?? {}, settings) : { http: {}, server: '' }
  return together(redirectDirectives(site.front), again, optionDirectives(site.options, settings), frontDirectives(site.front, settings))
}

/** Listeners of a site over HTTP; those that need a certificate only where there is one. */
export function httpListeners({ listeners, tls }: Site): HttpListener[] {
  const wanted: readonly Listener[] = listeners ?? [{ scheme: 'http' }, { scheme: 'https' }]
  return wanted.filter((one) => !isStream(one)).filter((one) => tls !== undefined || !isEncrypted(one))
}

function servers(site: Site, settings: Settings, sent: boolean): string {
  if (site.socket !== undefined) return block('server', streamed(site, site.socket, settings))
  const groups = Map.groupBy(httpListeners(site), (one) => groupOf(site, one))
  if (sent) groups.delete('redirect')
  return [...groups.values()].map((group) => server(site, group, settings)).join('')
}

/** Listeners that one server block serves: those with one route, over one protocol to the app. */
function groupOf(site: Site, one: HttpListener): string {
  // A trusted proxy may have been asked over HTTPS, and asks over HTTP: whether to redirect is decided by request then.
  if (one.scheme === 'http' && one.port === undefined && redirects(site) && !trustsProxies(site.options ?? {})) return 'redirect'
  return `${one.scheme.startsWith('grpc') ? 'grpc' : 'proxy'} ${one.route ?? site.name} ${one.proxyProtocol === true}`
}

function server(wanted: Site, group: readonly HttpListener[], settings: Settings): string {
  const [first] = group
  if (first === undefined) return ''
  const { trustedProxies, ...options } = wanted.options ?? {}
  // Behind a PROXY protocol there is one word about who a client is.
  const site = first.proxyProtocol === true ? { ...wanted, options } : wanted
  const from = first.proxyProtocol === true ? proxied : ''
  const named = `${group.map((one) => listenTo(one, settings, isQuic(site, settings))).join('')}server_name ${site.hosts.join(' ')};\n${from}`
  const variables = `set $site ${site.name};\nset $route ${first.route ?? site.name};\n`
  if (groupOf(site, first) === 'redirect')
    return block('server', `${named}${variables}${logged(settings)}${redirectDirectives(site.front).server}${alwaysToHttps(settings)}`)
  const inside = site.additions?.inside ?? []
  const pass = first.scheme.startsWith('grpc') ? 'grpc' : 'proxy'
  // A header that a text sets for all of the server would take all of ours away from where they were inherited.
  const told = headers(pass, site.options)
  const own = inside.length > 0 || told !== headers(pass) ? indent(told) : ''
  const texts = include(
    site,
    inside.map((path) => ({ path })),
    settings,
  )
  const ours = words(site, settings).server
  return block('server', `${named}${variables}${logged(settings)}${ours}${appLocations(pass, own)}${texts}`)
}

/** Certificate authorities ask over plain HTTP; everybody else is sent to HTTPS. */
function alwaysToHttps(settings: Settings): string {
  const port = httpsSuffix(settings)
  return `location ^~ /.well-known/acme-challenge/ {
  content_by_lua_block { front.challenge() }
}
location @app {
  return 301 https://$host${port}$request_uri;
}
location / {
  return 301 https://$host${port}$request_uri;
}
`
}

/** For what takes long and answers while it is asked, such as git over HTTP: nothing is held back on the way. */
function streamed(site: Site, socket: string, settings: Settings): string {
  return `${httpListeners(site)
    .map((one) => listenTo(one, settings))
    .join('')}server_name ${site.hosts.join(' ')};
set $site ${site.name};
${logged(settings)}client_max_body_size 0;
client_body_timeout 300s;
error_page 502 504 = @away;
location ^~ /.well-known/acme-challenge/ {
  content_by_lua_block { front.challenge() }
}
proxy_request_buffering off;
proxy_buffering off;
proxy_send_timeout 1h;
proxy_read_timeout 1h;
location / {
  proxy_pass http://unix:${socket};
}
location @app {
  proxy_pass http://unix:${socket};
}
location @away {
  default_type text/plain;
  return 503 "Nobody answers here at the moment: try again in a while.\\n";
}
`
}

/** Each text is a file of its own, so that one that is not whole cannot end the block that it is in. */
function include({ additions }: Site, texts: readonly { path: string }[], settings: Settings): string {
  return texts.map(({ path }) => `include ${additionsDir(settings)}/${additions?.digest}${path};\n`).join('')
}

/** What a listener adds to its port; the appliance's own two have theirs where the port is opened. */
export function listenTo(one: HttpListener, settings: Settings, quic = false): string {
  const port = one.port ?? (isEncrypted(one) ? settings.httpsPort : settings.httpPort)
  const lines = listen(port, isEncrypted(one) ? ' ssl' : '', settings)
  return quic && one.scheme === 'https' && one.port === undefined ? lines + listen(port, ' quic', settings) : lines
}

/** Is a site served over HTTP/3 too? Who stands before us with the PROXY protocol speaks TCP. */
export function isQuic(site: Site, settings: Settings): boolean {
  return site.options?.http3 === true && settings.proxyProtocol !== true && httpListeners(site).some((one) => one.scheme === 'https')
}
