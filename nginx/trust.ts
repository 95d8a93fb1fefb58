import { networks } from './cidr.ts'
import { type Directives, digest, guarded, table } from './directives.ts'
import type { Options } from './options.ts'

/** What the http block has to define for the headers of a site. */
export function trustTables(options: Options): Record<string, string> {
  const tables: Record<string, string> = {}
  if (options.proxyKeepalive === false)
    tables.connection_upgrade_or_close = table('map', '$http_upgrade', '$connection_upgrade_or_close', ['default upgrade', '"" close'])
  const trusted = networks(options.trustedProxies ?? [])
  if (trusted.length === 0) return tables
  const id = idOf(options)
  const peer = `$trusted_${id}`
  const claim = (name: string) => `"${peer} $http_x_forwarded_${name}"`
  tables[`trusted_${id}`] = [
    table('geo', '$realip_remote_addr', peer, ['default 0', ...trusted.map((one) => `${one} 1`)]),
    table('map', claim('for'), `$forwarded_for_${id}`, ['default $remote_addr', '"~^1 ." $http_x_forwarded_for']),
    table('map', claim('for'), `$forwarded_chain_${id}`, ['default $remote_addr', '"~^1 ." "$http_x_forwarded_for, $realip_remote_addr"']),
    table('map', claim('proto'), `$forwarded_proto_${id}`, ['default $scheme', '"~*^1 https(,|$)" https', '"~*^1 http(,|$)" http']),
    table('map', claim('proto'), `$implied_port_${id}`, ['default $server_port', '"~*^1 https(,|$)" 443', '"~*^1 http(,|$)" 80']),
    table('map', claim('port'), `$forwarded_port_${id}`, [`default $implied_port_${id}`, '"~^1 (?<claimed_port>[0-9]+)$" $claimed_port']),
    table('map', claim('ssl'), `$forwarded_ssl_${id}`, ['default $https', '"1 on" on', '"1 off" ""']),
  ].join('')
  return tables
}

/** Sends whoever came unencrypted to HTTPS, by the word of trusted proxies where there are some; nothing where there are none. */
export function toHttps(options: Options, { httpsPort }: { httpsPort: number }): Directives {
  if (!trustsProxies(options)) return { http: {}, server: '' }
  const id = idOf(options)
  const port = httpsPort === 443 ? '' : `:${httpsPort}`
  return {
    http: {
      ...guarded,
      [`unencrypted_${id}`]: table('map', `$guarded$forwarded_proto_${id}`, `$unencrypted_${id}`, ['default ""', '1http 1']),
    },
    server: `if ($unencrypted_${id}) {\n  return 301 https://$host${port}$request_uri;\n}\n`,
  }
}

/** Who the client is, by the word of trusted proxies. */
export function realAddress(options: Options): string {
  const trusted = networks(options.trustedProxies ?? [])
  if (trusted.length === 0) return ''
  const from = trusted.map((one) => `set_real_ip_from ${one};\n`).join('')
  return `${from}real_ip_header ${options.realIpHeader ?? 'X-Forwarded-For'};\nreal_ip_recursive on;\n`
}

/** The value of a header that may be what somebody claims: only a trusted proxy's word counts. */
export function claimed(about: 'for' | 'proto' | 'port' | 'ssl', options: Options, wanted: string): string {
  if (!wanted.startsWith('$http_') && wanted !== '$proxy_add_x_forwarded_for') return wanted
  if (trustsProxies(options)) return `$forwarded_${wanted === '$proxy_add_x_forwarded_for' ? 'chain' : about}_${idOf(options)}`
  return { for: '$remote_addr', proto: '$scheme', port: '$server_port', ssl: '$https' }[about]
}

/** Is there anybody whose word about the client counts? */
export function trustsProxies({ trustedProxies = [] }: Options): boolean {
  return trustedProxies.length > 0
}

/** Short, as nginx's table of variables takes names of about 50 characters. */
function idOf({ trustedProxies = [] }: Options): string {
  return digest(networks(trustedProxies)).slice(0, 12)
}
