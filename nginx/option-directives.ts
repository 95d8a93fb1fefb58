import { type Directives, digest, guarded, quoted, table } from './directives.ts'
import { folderOf, optionFiles } from './front-files.ts'
import type { Options } from './options.ts'
import { realAddress, trustTables } from './trust.ts'

/** Options that are one directive each: theirs, and what gRPC upstreams have instead. */
const plain = {
  maxBodySize: ['client_max_body_size'],
  bodyTimeout: ['client_body_timeout'],
  headerTimeout: ['client_header_timeout'],
  keepaliveTimeout: ['keepalive_timeout'],
  lingeringTimeout: ['lingering_timeout'],
  sendTimeout: ['send_timeout'],
  proxyConnectTimeout: ['proxy_connect_timeout', 'grpc_connect_timeout'],
  proxyReadTimeout: ['proxy_read_timeout', 'grpc_read_timeout'],
  proxySendTimeout: ['proxy_send_timeout', 'grpc_send_timeout'],
  proxyBuffering: ['proxy_buffering'],
  proxyBufferSize: ['proxy_buffer_size', 'grpc_buffer_size'],
  proxyBuffers: ['proxy_buffers'],
  proxyBusyBuffersSize: ['proxy_busy_buffers_size'],
  underscoresInHeaders: ['underscores_in_headers'],
} as const satisfies Partial<Record<keyof Options, readonly string[]>>

/** A site's options in nginx's words; nothing for none. */
export function optionDirectives(options: Options = {}, settings: { stateDir: string }): Directives {
  const answers = answerHeaders(options)
  const addresses = boundAddresses(options)
  const verified = clientCertificate(options, settings)
  const directives = Object.entries(plain).flatMap(([name, directives]) => {
    const value = options[name as keyof typeof plain]
    return value === undefined ? [] : directives.map((directive) => `${directive} ${typeof value === 'boolean' ? onOff(value) : value};\n`)
  })
  return {
    http: { ...trustTables(options), ...answers.http, ...addresses.http, ...verified.http },
    server: [
      ...directives,
      options.accessLog === false ? 'access_log off;\n' : '',
      // nginx has agreed on a version before it knows the site, so `ssl_protocols` of a site does nothing.
      options.tlsProfile === 'modern' ? 'ssl_certificate_by_lua_block { tls.serve("TLSv1.3") }\n' : '',
      realAddress(options),
      addresses.server,
      verified.server,
      answers.server,
    ].join(''),
  }
}

/** nginx inherits headers of answers only where a block has none of its own, so a block that has one has all. */
function answerHeaders({ hsts, headers = {}, http3 }: Options): Directives {
  const set = Object.entries(headers)
  if (hsts === undefined && http3 === undefined && set.length === 0) return { http: {}, server: '' }
  const id = `hsts_${digest([hsts]).slice(0, 12)}`
  const rows = hsts ? [`default ""`, `on ${quoted(hstsValue(hsts))}`] : []
  const strict = hsts === undefined ? '$hsts' : hsts === false ? '""' : `$${id}`
  const lines = [
    ...set.map(([name]) => `proxy_hide_header ${name};\ngrpc_hide_header ${name};\n`),
    `add_header Strict-Transport-Security ${strict} always;\n`,
    ...(http3 ? ['add_header Alt-Svc $alt_svc always;\n'] : []),
    ...set.map(([name, value]) => `add_header ${name} ${quoted(value)} always;\n`),
  ]
  const http = {
    ...(hsts ? { [id]: table('map', '$https', `$${id}`, rows) } : {}),
    ...(http3 ? { alt_svc: table('map', '$https', '$alt_svc', ['default ""', 'on "h3=\\":$server_port\\"; ma=86400"']) } : {}),
  }
  return { http, server: lines.join('') }
}

function hstsValue({ maxAge, includeSubdomains, preload }: Exclude<Options['hsts'], false | undefined>): string {
  return `max-age=${maxAge}${includeSubdomains ? '; includeSubDomains' : ''}${preload ? '; preload' : ''}`
}

/** A `listen` for one address would take that address away from all other sites; so whoever comes by another one gets no answer. */
function boundAddresses({ bindAddress4, bindAddress6 }: Options): Directives {
  const four = bindAddress4 === '0.0.0.0' ? undefined : bindAddress4
  const six = bindAddress6 === undefined ? undefined : shortest(bindAddress6)
  const only6 = six === '::' ? undefined : six
  if (four === undefined && only6 === undefined) return { http: {}, server: '' }
  const id = `elsewhere_${digest([four, only6]).slice(0, 12)}`
  const rows = ['default 1', four === undefined ? '"~^[0-9.]+$" ""' : `${four} ""`, only6 === undefined ? '"~:" ""' : `${only6} ""`]
  return { http: { [id]: table('map', '$server_addr', `$${id}`, rows) }, server: `if ($${id}) {\n  return 444;\n}\n` }
}

/** As nginx writes the address of a connection. */
function shortest(address: string): string {
  return new URL(`http://[${address}]`).hostname.slice(1, -1)
}

/** Without TLS there is no certificate either, so there is no way round by the HTTP port. */
function clientCertificate(options: Options, settings: { stateDir: string }): Directives {
  if (options.clientCa === undefined) return { http: {}, server: '' }
  const file = `${folderOf(optionFiles(options), settings)}/client-ca.pem`
  return {
    http: {
      unverified: table('map', '"$guarded $ssl_client_verify"', '$unverified', ['default 1', '"1 SUCCESS" ""', '"~^ " ""']),
      ...guarded,
    },
    server: `ssl_client_certificate ${file};\nssl_verify_client on;\nssl_verify_depth 3;\nif ($unverified) {\n  return 403;\n}\n`,
  }
}

function onOff(value: boolean): string {
  return value ? 'on' : 'off'
}
