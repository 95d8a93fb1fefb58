import type { Options } from './options.ts'
import { claimed, trustsProxies } from './trust.ts'

/** A header that apps get: its name, and its value in nginx's words. */
export type Header = readonly [name: string, value: string]

/** What an app is told by headers, whatever a client claims: with trusted proxies, what those claim counts. */
export function told(options: Options = {}): Header[] {
  const trusts = trustsProxies(options)
  const certified = options.clientCa !== undefined
  return [
    ['Host', '$host$host_port'],
    ['X-Forwarded-For', claimed('for', options, options.forwardedFor ?? '$remote_addr')],
    ['X-Forwarded-Proto', claimed('proto', options, options.forwardedProto ?? (trusts ? '$http_x_forwarded_proto' : '$scheme'))],
    ['X-Forwarded-Port', claimed('port', options, options.forwardedPort ?? (trusts ? '$http_x_forwarded_port' : '$server_port'))],
    ['X-Request-Start', '$msec'],
    ['X-Request-ID', '$request_id'],
    ['X-Forwarded-Host', '""'],
    ['X-Forwarded-Server', '""'],
    ['X-Forwarded-Ssl', claimed('ssl', options, options.forwardedSsl ?? '""')],
    ['X-Real-IP', '""'],
    ['X-SSL-Client-S-DN', certified ? '$ssl_client_s_dn' : '""'],
    ['X-SSL-Client-Fingerprint', certified ? '$ssl_client_fingerprint' : '""'],
    ['Forwarded', '""'],
    ['Proxy', '""'],
  ]
}

/** The directives that set the headers of a request to an app. */
export function headers(pass: 'proxy' | 'grpc', options: Options = {}): string {
  const all = [...told(options), ...(pass === 'proxy' ? upgrading(options) : [])]
  return all.map(([name, value]) => `${pass}_set_header ${name} ${value};\n`).join('')
}

/** Of a connection, which gRPC has no words for. */
function upgrading({ proxyKeepalive }: Options): Header[] {
  return [
    ['Upgrade', '$http_upgrade'],
    ['Connection', proxyKeepalive === false ? '$connection_upgrade_or_close' : '$connection_upgrade'],
  ]
}
