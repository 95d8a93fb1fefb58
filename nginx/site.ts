import { isIP } from 'node:net'
import { z } from 'zod'
import { type Additions, stored } from './additions.ts'
import { storedTls, type Tls, tls } from './certificate.ts'
import { front } from './front.ts'
import { hostName } from './host-name.ts'
import { listener } from './listener.ts'
import { siteName } from './name.ts'
import { options } from './options.ts'

/** As nginx finds it. */
const unixSocket = z.string().regex(/^(?!.*\.\.)\/[\w@./+-]{1,90}$/, 'a socket is an absolute path of plain characters')

const plain = {
  name: siteName,
  hosts: z.array(hostName).transform((hosts) => [...new Set(hosts)]),
  options: options.exactOptional(),
  front: front.exactOptional(),
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
