import { z } from 'zod'
import { cidr } from './cidr.ts'
import { hostName } from './host-name.ts'

/** HTML, of an error or of a maintenance. */
const html = z.string().min(1).max(1_000_000)

/** What the answer to a password prompt is compared with: what crypt() takes, and nothing that ends a line of the file. */
const user = z.strictObject({
  name: z
    .string()
    .regex(/^(?!#)[^:\p{Cc}\p{Cs}]{1,100}$/u, 'a user has a name without a colon and control characters, which does not begin with #'),
  hash: z.string().regex(/^\$(5|6|y|2[aby]|apr1)\$[./0-9A-Za-z$=,]{20,150}$/, 'a password is a hash of crypt()'),
})

const site = hostName.refine((host) => !host.startsWith('*.'), 'a redirect leads to one host')
const destination = z.string().transform((text, context) => {
  const [, scheme = '', host = '', port = ''] = /^(https?:\/\/)?([^:/]+)(:[1-9]\d{0,4})?$/.exec(text) ?? []
  const parsed = site.safeParse(host)
  if (parsed.success) return `${scheme}${parsed.data}${port}`
  context.issues.push({
    code: 'custom',
    input: text,
    message: `${JSON.stringify(text)} is no host to redirect to, such as www.example.com`,
  })
  return z.NEVER
})

const redirect = z
  .strictObject({
    /** One of the site's hosts. */
    from: hostName,
    /** A host, with `https://` or `http://` before it and a port behind it where these are to change. */
    to: destination,
    code: z.union([z.literal(301), z.literal(302), z.literal(303), z.literal(307), z.literal(308)]),
  })
  .refine(({ from, to }) => hostOf(to) !== from, 'a host does not lead to itself')

const limits = z.strictObject({
  /** Requests of one client, such as 10r/s or 30r/m. */
  rate: z
    .string()
    .regex(/^[1-9]\d{0,4}r\/[sm]$/, 'a rate is a number of requests with r/s or r/m, such as 10r/s')
    .exactOptional(),
  /** How many may come at once beyond the rate. */
  burst: z.int().min(0).max(100_000).exactOptional(),
  /** Connections, or streams of one, that a client has at once. */
  connections: z.int().min(1).max(65_535).exactOptional(),
})

/** Errors of nginx itself for which a site may have pages of its own; an app's own errors are never touched. */
export const pageCodes = ['401', '403', '404', '413', '429', '502', '503', '504'] as const

/** A file of a page of maintenance: a relative path of plain names. */
const asset = z.string().regex(/^(?!\.)[\w.-]{1,100}(\/(?!\.)[\w.-]{1,100}){0,9}$/, 'a file has a path of plain names')

const assets = z.record(asset, z.base64().max(4_000_000)).refine((files) => {
  const paths = Object.keys(files)
  return paths.length <= 100 && !paths.some((path) => paths.some((other) => other.startsWith(`${path}/`)))
}, 'there are 100 files at most, and none is a folder too')

/** What stands in front of a site. Every value has a grammar in which nginx can read nothing else, or is only ever a file. */
export const front = z.strictObject({
  /** All requests get 503 and the page. */
  maintenance: z.strictObject({ page: html.exactOptional(), files: assets.exactOptional() }).exactOptional(),
  /** A password, unless the client's address is allowed. */
  auth: z.strictObject({ users: z.array(user).max(1000), allowed: z.array(cidr).max(1000) }).exactOptional(),
  redirects: z
    .array(redirect)
    .max(500)
    .refine((all) => new Set(all.map(({ from }) => from)).size === all.length, 'a host leads to one other')
    .exactOptional(),
  /** Who alone is served. */
  allow: z.array(cidr).max(1000).exactOptional(),
  /** Who is not served, allowed or not. */
  deny: z.array(cidr).max(1000).exactOptional(),
  limits: limits.exactOptional(),
  pages: z.partialRecord(z.enum(pageCodes), html).exactOptional(),
})

export type Front = z.infer<typeof front>

/** The host that a redirect leads to. */
export function hostOf(to: string): string {
  return to.replace(/^https?:\/\//, '').replace(/:\d+$/, '')
}
