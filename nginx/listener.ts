import { z } from 'zod'
import { siteName } from './name.ts'

const port = z.int().min(1).max(65535)
const route = siteName.exactOptional()

/**
 * Where a site is served, and by which route: over HTTP, or as plain TCP or UDP on a port of its own. Without a port it is the
 * appliance's own for HTTP or HTTPS, without a route the one of the site's name.
 */
export const listener = z.union([
  z.strictObject({
    scheme: z.enum(['http', 'https', 'grpc', 'grpcs']),
    port: port.exactOptional(),
    route,
    /** Connections to this port begin with the PROXY protocol; only for a port of its own. */
    proxyProtocol: z.boolean().exactOptional(),
  }),
  z.strictObject({ scheme: z.enum(['tcp', 'udp']), port, route }),
])

export type Listener = z.infer<typeof listener>

/** Is it encrypted on its way to the appliance? */
export function isEncrypted({ scheme }: Listener): boolean {
  return scheme === 'https' || scheme === 'grpcs'
}

/** A listener that nginx's `stream` serves: its upstreams stand in the configuration. */
export function isStream(one: Listener): one is Extract<Listener, { scheme: 'tcp' | 'udp' }> {
  return one.scheme === 'tcp' || one.scheme === 'udp'
}
