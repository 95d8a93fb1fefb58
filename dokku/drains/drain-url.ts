import { UserError } from '#lib/errors.ts'

/** How lines go to where they go. */
const kinds = {
  'syslog:': { kind: 'udp', port: 514 },
  'syslog+udp:': { kind: 'udp', port: 514 },
  'syslog+tcp:': { kind: 'tcp', port: 601 },
  'syslog+tls:': { kind: 'tls', port: 6514 },
  'http:': { kind: 'http', port: 80 },
  'https:': { kind: 'https', port: 443 },
  'plugin:': { kind: 'plugin', port: 0 },
} as const

/** Where lines go, as a URL says it. */
export interface DrainUrl {
  readonly kind: (typeof kinds)[keyof typeof kinds]['kind']
  /** A host name, or an address without brackets; of a plugin, its name. */
  readonly host: string
  readonly port: number
  readonly url: URL
}

/** Reads the URL of a drain; UserError `bad-drain`. */
export function parseDrainUrl(text: string): DrainUrl {
  const url = text.length <= 2000 && !/[\s\p{Cc}\\]/u.test(text) && URL.canParse(text) ? new URL(text) : undefined
  const found = url && Object.hasOwn(kinds, url.protocol) ? kinds[url.protocol as keyof typeof kinds] : undefined
  const host = url?.hostname.replace(/^\[(.*)\]$/, '$1') ?? ''
  if (url !== undefined && found !== undefined && /^[a-z0-9_][a-z0-9._:-]{0,252}$/i.test(host) && fits(found.kind, url))
    return { kind: found.kind, host, port: url.port === '' ? found.port : Number(url.port), url }
  throw new UserError('bad-drain', `${JSON.stringify(maskedUrl(text).slice(0, 80))} is nothing that lines can be sent to`, {
    hint: 'syslog://HOST:PORT (UDP), syslog+tcp://, syslog+tls://, https://HOST/PATH, or plugin://NAME',
  })
}

/** Syslog has nowhere to put a path or a password. */
function fits(kind: DrainUrl['kind'], { pathname, search, username, password, hash }: URL): boolean {
  const bare = ['', '/'].includes(pathname) && search === '' && username === '' && password === ''
  return hash === '' && (bare || !['udp', 'tcp', 'tls'].includes(kind))
}

/** A URL without what must not be seen of it: the password, and the values of a query, which often are tokens. */
export function maskedUrl(text: string): string {
  return text.replace(/:\/\/[^/@]*@/, '://********@').replace(/([?&][^=&#]+)=[^&#]*/g, '$1=********')
}
