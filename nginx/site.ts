import { isIP } from 'node:net'
import { domainToASCII } from 'node:url'
import { z } from 'zod'
import { type Additions, stored } from './additions.ts'
import { storedTls, type Tls, tls } from './certificate.ts'
import { listener } from './listener.ts'
import { siteName } from './name.ts'

/** A host name as a person may type it: lower-cased, IDN to punycode, a final dot dropped, `*.` at the front allowed. */
export const hostName = z.string().transform((text, context) => {
  const host = asciiHost(text)
  if (host !== undefined) return host
  context.issues.push({ code: 'custom', input: text, message: `${JSON.stringify(text)} is not a host name` })
  return z.NEVER
})

/** nginx reads 0 as "no limit". */
const maxBodySize = z.string().regex(/^\d{1,12}[kmg]?$/i, 'a size is a number of bytes, or one with k, m or g, such as 20m; 0 is no limit')

/** As nginx finds it. */
const unixSocket = z.string().regex(/^(?!.*\.\.)\/[\w@./+-]{1,90}$/, 'a socket is an absolute path of plain characters')

const plain = {
  name: siteName,
  hosts: z.array(hostName).transform((hosts) => [...new Set(hosts)]),
  options: z.strictObject({ maxBodySize: maxBodySize.exactOptional() }).exactOptional(),
  socket: unixSocket.exactOptional(),
  listeners: z.array(listener).max(50).exactOptional(),
}

/** What a site may look like: everything that ends up in nginx's configuration passes through here. What is added is parsed later: it keeps no site away. */
export const wantedSite = z.strictObject({ ...plain, tls: tls.exactOptional(), additions: z.unknown().exactOptional() })

/** The same as it is stored: what was added to it is in a folder of its own, and its certificate in a file. */
export const site = z.strictObject({ ...plain, tls: storedTls.exactOptional(), additions: stored.exactOptional() })

/** Where requests may go: an address, never a name, so that nginx resolves nothing. */
export const upstream = z.strictObject({
  address: z.string().refine((text) => isIP(text) !== 0 && !text.includes('%'), 'an upstream is an IP address'),
  port: z.int().min(1).max(65535),
})

/** A virtual host: requests for `hosts` go to the route of the same name, or, streamed both ways and of any size, to a unix socket. */
export type WantedSite = Omit<Site, 'additions' | 'tls'> & {
  tls?: Tls
  /** What is added to it; `kept` is what was added last. */
  additions?: Additions | 'kept'
}
export type Site = z.infer<typeof site>

/** One address and port of an app. */
export type Upstream = z.infer<typeof upstream>

/** What is wrong with a value, in one line: where, and what was expected. */
export function problem(error: z.ZodError): string {
  return error.issues.map(({ path, message }) => (path.length > 0 ? `${path.join('.')}: ${message}` : message)).join('; ')
}

/** The canonical form of a host name, or undefined when it is none (RFC 1123 labels, at most 253 characters). */
function asciiHost(text: string): string | undefined {
  const wildcard = text.startsWith('*.')
  const name = domainToASCII(wildcard ? text.slice(2) : text).replace(/\.$/, '')
  // The URL parser forgives much (tabs are dropped, %41 is A); what it changed beyond case and script is refused.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: ASCII is what it tests for
  if (/^[\x00-\x7f]*$/.test(text) && text.toLowerCase().replace(/\.$/, '') !== (wildcard ? `*.${name}` : name)) return undefined
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it tests for
  if (/[\x00-\x20%/\\:?#@\x7f]/.test(text)) return undefined
  if (name.length + (wildcard ? 2 : 0) > 253) return undefined
  const labels = name.split('.')
  if (!labels.every((label) => /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(label))) return undefined
  return wildcard ? `*.${name}` : name
}
