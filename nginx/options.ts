import { X509Certificate } from 'node:crypto'
import { isIPv4, isIPv6 } from 'node:net'
import { z } from 'zod'
import { network } from './cidr.ts'

/** nginx reads 0 as "no limit". */
const maxBodySize = z.string().regex(/^\d{1,12}[kmg]?$/i, 'a size is a number of bytes, or one with k, m or g, such as 20m; 0 is no limit')
const time = z.string().regex(/^\d{1,6}(ms|[smhd])?$/, 'a time is a number with ms, s, m, h or d, such as 60s')

const bufferSize = z.string().refine((text) => bytes(text) >= 1024 && bytes(text) <= 1024 ** 2, 'a buffer has from 1k to 1m, such as 8k')
const buffers = z.string().refine((text) => {
  const [, count = '', size = ''] = /^([1-9]\d{0,2}) (\S+)$/.exec(text) ?? []
  return Number(count) >= 2 && Number(count) <= 256 && bufferSize.safeParse(size).success
}, 'buffers are a number from 2 to 256 and the size of each, such as "8 4k"')

const unsettable =
  /^(connection|keep-alive|te|trailer|transfer-encoding|upgrade|content-length|content-encoding|content-type|date|server|alt-svc|strict-transport-security|proxy-.*)$/i
const headerName = z
  .string()
  .regex(/^[A-Za-z][A-Za-z0-9-]{0,63}$/, 'a header has a name of letters, digits and hyphens')
  .refine((name) => !unsettable.test(name), 'this header is not for a site to set')
/** Half of what nginx reads as one word, as each character may need a backslash. nginx has no way to write a dollar sign. */
const headerValue = z
  .string()
  .regex(/^[\x21-\x7e]([\x20-\x7e]{0,1998}[\x21-\x7e])?$/, 'a header has a value of 1 to 2000 plain characters')
  .refine((value) => !value.includes('$'), 'the value of a header has no dollar sign')

const hsts = z.strictObject({
  maxAge: z.int().min(0).max(10_000_000_000),
  includeSubdomains: z.boolean(),
  preload: z.boolean(),
})

/** Certificates of authorities, PEM. */
const authorities = z.string().max(200_000).refine(areCertificates, 'certificates of authorities are PEM, one after the other')

const shape = {
  maxBodySize,
  bodyTimeout: time,
  headerTimeout: time,
  keepaliveTimeout: time,
  lingeringTimeout: time,
  sendTimeout: time,
  proxyConnectTimeout: time,
  proxyReadTimeout: time,
  proxySendTimeout: time,
  proxyBuffering: z.boolean(),
  proxyBufferSize: bufferSize,
  proxyBuffers: buffers,
  proxyBusyBuffersSize: bufferSize,
  /** Whether connections to upstreams are kept for further requests. */
  proxyKeepalive: z.boolean(),
  underscoresInHeaders: z.boolean(),
  hsts: z.union([z.literal(false), hsts]),
  /** What upstreams are told; a `$http_` value counts only when a trusted proxy sent it. */
  forwardedFor: z.enum(['$remote_addr', '$realip_remote_addr', '$http_x_forwarded_for', '$proxy_add_x_forwarded_for']),
  forwardedPort: z.union([z.enum(['$server_port', '$http_x_forwarded_port']), z.string().regex(/^[1-9]\d{0,4}$/)], {
    error: 'one of $server_port, $http_x_forwarded_port and a port is expected',
  }),
  forwardedProto: z.enum(['$scheme', '$http_x_forwarded_proto', 'http', 'https']),
  forwardedSsl: z.enum(['$https', '$http_x_forwarded_ssl', 'on', 'off']),
  /** Whose word about the client counts. */
  trustedProxies: z.array(network).max(1000),
  /** Where trusted proxies say who the client is; X-Forwarded-For unless said otherwise. */
  realIpHeader: z.string().regex(/^[A-Za-z][A-Za-z0-9-]{0,63}$/, 'a header has a name of letters, digits and hyphens'),
  /** The only addresses of this machine on which the site is served. */
  bindAddress4: z.string().refine(isIPv4, 'an IPv4 address is expected'),
  bindAddress6: z.string().refine((text) => isIPv6(text) && !text.includes('%'), 'an IPv6 address is expected'),
  /** Headers of every answer, in place of the app's own. */
  headers: z.record(headerName, headerValue).refine((headers) => Object.keys(headers).length <= 50, 'there are too many headers'),
  tlsProfile: z.enum(['intermediate', 'modern']),
  /** Only clients with a certificate by one of these authorities are served. */
  clientCa: authorities,
  /** Whether answers tell clients to come back by HTTP/3. */
  http3: z.boolean(),
  accessLog: z.boolean(),
}

/** How nginx serves a site, where that differs from what it does anyway. Every value has a grammar in which nginx can read nothing else. */
export const options = z.strictObject(optional(shape))

export type Options = z.infer<typeof options>

function optional<T extends Record<string, z.ZodType>>(types: T): { [K in keyof T]: z.ZodExactOptional<T[K]> } {
  return Object.fromEntries(Object.entries(types).map(([name, type]) => [name, type.exactOptional()])) as {
    [K in keyof T]: z.ZodExactOptional<T[K]>
  }
}

function bytes(text: string): number {
  const [, number = '', unit = ''] = /^(\d{1,7})([km]?)$/i.exec(text) ?? []
  return number === '' ? Number.NaN : Number(number) * 1024 ** ['', 'k', 'm'].indexOf(unit.toLowerCase())
}

function areCertificates(text: string): boolean {
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[\w+/=\s]+-----END CERTIFICATE-----/g) ?? []
  const rest = blocks.reduce((left, block) => left.replace(block, ''), text)
  if (blocks.length === 0 || rest.trim() !== '') return false
  try {
    return blocks.every((block) => new X509Certificate(block).subject !== null)
  } catch {
    return false
  }
}
