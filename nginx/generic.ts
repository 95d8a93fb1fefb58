import { logged } from './access-log.ts'
import { httpsSuffix, placeholder, type Settings } from './settings.ts'
import { block, listen } from './text.ts'

/** What every server of an app has in it: how its requests find an upstream, and what is said when there is none. */
export function appLocations(pass: 'proxy' | 'grpc', inLocation: string): string {
  const to = (upstream: string) => (pass === 'proxy' ? `proxy_pass http://${upstream};\n` : `grpc_pass grpc://grpc_${upstream};\n`)
  return `${pages}location / {
${inLocation}  ${to('apps')}}
location @app {
${inLocation}  ${to('apps')}}
location @closing {
${inLocation}  keepalive_timeout 0;
  ${to('apps_closing')}}
`
}

/** Our own pages, and the place where certificate authorities look. */
const pages = `error_page 500 = @closing;
error_page 502 = @unavailable;
log_by_lua_block {
  balance.finish()
  metrics.count()
}
location ^~ /.well-known/acme-challenge/ {
  auth_basic off;
  allow all;
  content_by_lua_block { front.challenge() }
}
location @unavailable {
  content_by_lua_block { pages.unavailable() }
}
`

/** The server for every host that has no block of its own: plain sites, found in shared memory, and nobody's, unless the port's default is `taken`. */
export function genericServer(
  settings: Settings,
  hosts: readonly string[] = [],
  taken: ReadonlySet<number> = new Set(),
  quic = false,
): string {
  const { httpPort, httpsPort } = settings
  const port = httpsSuffix(settings)
  // reuseport: a newer appliance may listen beside this one before it takes over.
  const parameters = (of: number) =>
    `${taken.has(of) ? '' : ' default_server'} reuseport${settings.proxyProtocol === true ? ' proxy_protocol' : ''}`
  return block(
    'server',
    `${listen(httpPort, parameters(httpPort), settings)}${listen(httpsPort, ` ssl${parameters(httpsPort)}`, settings)}${quic ? listen(httpsPort, ' quic reuseport default_server', settings) : ''}server_name ${['_', ...hosts].join(' ')};
set $to_https "";
set_by_lua_block $site { return front.site() }
set $route $site;
if ($site = "") {
  return 444;
}
if ($to_https) {
  return 301 https://$host${port}$request_uri;
}
${logged(settings)}${appLocations('proxy', '')}`,
  )
}

/** nginx's certificates: the right one is found in shared memory for each handshake. Ciphers are Mozilla's "intermediate". */
export function tlsShared(settings: Pick<Settings, 'stateDir'>): string {
  return `ssl_certificate ${placeholder(settings)};
ssl_certificate_key ${placeholder(settings)};
ssl_certificate_by_lua_block { tls.serve() }
ssl_protocols TLSv1.2 TLSv1.3;
ssl_ciphers ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305;
ssl_prefer_server_ciphers off;
ssl_session_cache shared:sessions:10m;
ssl_session_timeout 1d;
ssl_session_tickets off;
http2 on;
`
}

/** Who a request is from stands before it: only for ports where every connection comes from a proxy. */
export const proxied = `set_real_ip_from 0.0.0.0/0;
set_real_ip_from ::/0;
real_ip_header proxy_protocol;
`
