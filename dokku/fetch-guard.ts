import { lookup } from 'node:dns/promises'
import { BlockList, isIP, isIPv6 } from 'node:net'
import { UserError } from '#lib/errors.ts'
import { show } from './names.ts'

const ports = { https: 443, http: 80, ssh: 22, git: 9418 } as const

export type Scheme = keyof typeof ports

/** Something on another machine that somebody named by a URL. */
export interface Remote {
  /** Without name and password; what programs are given and people are shown. */
  readonly url: string
  readonly scheme: Scheme
  /** A host name, or an address without brackets. */
  readonly host: string
  readonly port: number
  /** What the URL said of who asks; in an ssh URL, only the user. */
  readonly credentials?: Credentials
}

export interface Credentials {
  readonly user: string
  readonly password: string
}

/** A remote with the address that it has, which was looked at: whoever connects must use this one, not ask again. */
export interface Reached extends Remote {
  readonly address: string
}

/** Addresses that mean this machine, its networks or nothing: IANA's registries of special purpose addresses. */
const inner = new BlockList()
for (const range of [
  '0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24',
  '192.88.99.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/3',
].flatMap((line) => line.split(' ')))
  addRange(inner, range)
for (const range of ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20']) addRange(inner, range)

/** All of IPv6 that is routed in public; the rest is this machine's, the link's, or IPv4 in disguise. */
const global6 = new BlockList()
addRange(global6, '2000::/3')

/** Reads a URL of https, http, ssh or git, or git's USER@HOST:PATH; UserError `bad-remote`. Nothing in it can be an option or name a program. */
export function parseRemote(text: string, schemes: readonly Scheme[] = ['https', 'http', 'ssh', 'git']): Remote {
  const remote = /^[-\s]|[\s\p{Cc}\\]/u.test(text) ? undefined : (parseUrl(text) ?? parseScp(text))
  if (remote !== undefined && schemes.includes(remote.scheme) && isHost(remote.host)) return remote
  throw new UserError('bad-remote', `${show(withoutPassword(text))} is nothing that can be fetched`, {
    hint: `a URL of ${schemes.join(', ')}, such as https://github.com/team/app.git`,
  })
}

/** The same, for what is kept as it was typed. */
export function checkRemote(text: string): string {
  parseRemote(text)
  return text
}

function parseUrl(text: string): Remote | undefined {
  if (!/^(https?|ssh|git):\/\/[^-/]/.test(text) || !URL.canParse(text)) return undefined
  const url = new URL(text)
  const scheme = url.protocol.slice(0, -1) as Scheme
  const { username, password } = url
  url.password = url.hash = ''
  // A user of ssh is no secret, and git needs it.
  if (scheme !== 'ssh') url.username = ''
  return {
    url: url.href,
    scheme,
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: Number(url.port) || ports[scheme],
    ...(username === '' ? {} : { credentials: { user: decoded(username), password: decoded(password) } }),
  }
}

function parseScp(text: string): Remote | undefined {
  const [, user = '', host, path = ''] = /^(?:(\w[\w.-]*)@)?(\w[\w.-]*):([^:].*)$/.exec(text) ?? []
  if (host === undefined || /^(-|\/\/)/.test(path)) return undefined
  return { url: text, scheme: 'ssh', host, port: ports.ssh, ...(user === '' ? {} : { credentials: { user, password: '' } }) }
}

/**
 * Looks a remote up. UserError `remote-refused` when its name leads to an address of this machine or a private network,
 * unless `allowed` holds the host or a range (`10.1.0.0/16`) with it; `fetch-failed` when it leads nowhere.
 */
export async function reach(remote: Remote, allowed: readonly string[] = []): Promise<Reached> {
  const found = isIP(remote.host) ? [{ address: remote.host }] : await resolve(remote.host)
  const forbidden = found.find(({ address }) => !isPublic(address) && !isAllowed(remote.host, address, allowed))
  if (forbidden !== undefined)
    throw new UserError('remote-refused', `${remote.host} is ${forbidden.address}, an address of this machine or of a private network`, {
      hint: `an admin may allow it: git:allow-private ${remote.host}`,
    })
  return { ...remote, address: found[0]?.address ?? '' }
}

async function resolve(host: string): Promise<{ address: string }[]> {
  try {
    return await lookup(host, { all: true })
  } catch (cause) {
    throw new UserError('fetch-failed', `${host} could not be found`, { cause, hint: 'is the name right?' })
  }
}

/** Is it an address on the public internet? */
export function isPublic(address: string): boolean {
  if (!isIPv6(address)) return isIP(address) === 4 && !inner.check(address)
  return global6.check(address, 'ipv6') && !inner.check(address, 'ipv6')
}

function isAllowed(host: string, address: string, allowed: readonly string[]): boolean {
  if (allowed.includes(host.toLowerCase())) return true
  const ranges = new BlockList()
  for (const range of allowed) if (range.includes('/')) addRange(ranges, range)
  return ranges.check(address, isIPv6(address) ? 'ipv6' : 'ipv4')
}

/** A host name, an address, or a range of addresses, as `reach` takes it for allowed; UserError `bad-remote`. */
export function parseAllowed(text: string): string {
  const [address = '', bits] = text.toLowerCase().split('/')
  const fits =
    bits === undefined ? isHost(address) : isIP(address) > 0 && /^\d{1,3}$/.test(bits) && Number(bits) <= (isIPv6(address) ? 128 : 32)
  if (fits) return text.toLowerCase()
  throw new UserError('bad-remote', `${show(text)} is neither a host nor a range of addresses`, {
    hint: 'git.lan, 10.1.2.3 or 10.1.0.0/16',
  })
}

function addRange(list: BlockList, range: string): void {
  const [address = '', bits] = range.split('/')
  list.addSubnet(address, Number(bits), isIPv6(address) ? 'ipv6' : 'ipv4')
}

function isHost(text: string): boolean {
  return isIP(text) > 0 || (/^[a-z0-9_]([a-z0-9._-]*[a-z0-9])?\.?$/i.test(text) && text.length <= 253)
}

function withoutPassword(text: string): string {
  return text.replace(/\/\/[^/@\s]*@/, '//')
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
