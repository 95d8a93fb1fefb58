import { isEncrypted } from './listener.ts'
import type { Site } from './site.ts'
import { trustsProxies } from './trust.ts'

/** Sites by how they are served. */
export interface Kinds {
  /** Only hosts, perhaps with a certificate: the server for all of them finds them in shared memory. */
  plain: Site[]
  /** With a server block of their own. */
  blocks: Site[]
  /** Those of the blocks whose plain HTTP is nothing but the way to HTTPS: the server for all shows it. */
  sent: Site[]
}

/** The host that everything below is served as, in the table of hosts, when no site has it: the page for an app that is not there. */
export const nobody = '=nobody'

/** Which sites need words in nginx's configuration, ordered by name. A plain one below the wildcard of a block needs them too, as nginx asks blocks first. */
export function kindsOf(sites: readonly Site[]): Kinds {
  const ordered = [...sites].filter(({ hosts }) => hosts.length > 0).sort((a, b) => (a.name < b.name ? -1 : 1))
  const blocks = new Set(ordered.filter(needsBlock))
  const wildcards = [...blocks].flatMap(wildcardsOf)
  for (let grown = wildcards.length > 0; grown; ) {
    const covered = ordered.filter((site) => !blocks.has(site) && site.hosts.some((host) => isBelow(host, wildcards)))
    for (const site of covered) {
      blocks.add(site)
      wildcards.push(...wildcardsOf(site))
    }
    grown = covered.some((site) => wildcardsOf(site).length > 0)
  }
  return {
    plain: ordered.filter((site) => !blocks.has(site)),
    blocks: ordered.filter((site) => blocks.has(site)),
    sent: sentOf([...blocks]),
  }
}

function sentOf(blocks: readonly Site[]): Site[] {
  const sent = blocks.filter(isOnlySent)
  const others = blocks.filter((site) => !sent.includes(site)).flatMap(wildcardsOf)
  // nginx asks a block with a wildcard before the server for all.
  return sent.filter(({ hosts }) => hosts.every((host) => !isBelow(host, others)))
}

function isOnlySent(site: Site): boolean {
  const { additions, listeners, options = {}, front = {} } = site
  return redirects(site) && additions === undefined && listeners === undefined && front.redirects === undefined && !trustsProxies(options)
}

/** The table of hosts: of sites that the server for all serves, or sends to HTTPS, and what is at and below `homes` and nobody's. */
export function hostTable({ plain, sent }: Kinds, homes: readonly string[]): Map<string, string> {
  const table = new Map(homes.flatMap((home) => [home, `*.${home}`]).map((host) => [host, nobody]))
  for (const site of [...plain, ...sent])
    for (const host of site.hosts) table.set(host, redirects(site) ? `${site.name} redirect` : site.name)
  return table
}

/** The table of certificates: host to digest. A text beside a site may serve a host of it, encrypted too. */
export function tlsTable(sites: readonly Site[]): Map<string, string> {
  return new Map(sites.flatMap(({ hosts, tls }) => (tls === undefined ? [] : hosts.map((host) => [host, tls.digest] as const))))
}

/** Is plain HTTP sent to HTTPS? */
export function redirects({ tls, listeners }: Site): boolean {
  return (
    tls !== undefined &&
    tls.redirect !== false &&
    (listeners === undefined || listeners.some((one) => isEncrypted(one) && one.port === undefined))
  )
}

function needsBlock({ socket, additions, listeners, options, front }: Site): boolean {
  return [socket, additions, listeners, options, front].some((one) => one !== undefined && Object.keys(one).length > 0)
}

function wildcardsOf({ hosts, additions }: Site): string[] {
  const beside = additions?.beside.flatMap((one) => one.hosts) ?? []
  return [...hosts, ...beside].filter((host) => host.startsWith('*.'))
}

function isBelow(host: string, wildcards: readonly string[]): boolean {
  return wildcards.some((wildcard) => host !== wildcard && host.endsWith(wildcard.slice(1)))
}
