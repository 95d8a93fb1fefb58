import { once } from 'node:events'
import http from 'node:http'
import https from 'node:https'
import { isIPv6 } from 'node:net'
import type { Readable } from 'node:stream'
import { messageOf, UserError } from '#lib/errors.ts'
import { type Credentials, parseRemote, type Reached, type Remote, reach } from './fetch-guard.ts'

export interface DownloadOptions {
  /** Hosts and ranges in private networks that may be fetched from. */
  readonly allowed: readonly string[]
  /** What a host is shown where the URL says nothing. */
  readonly credentials: (host: string) => Credentials | undefined
  readonly signal?: AbortSignal | undefined
}

const mostHops = 5
/** How long a server may say nothing. */
const silenceMs = 60_000

/**
 * The body of what a URL of http or https leads to. Each address on the way is looked at as the first one is, and what is
 * looked at is what is connected to. UserErrors `bad-remote`, `remote-refused`, `fetch-failed`.
 */
export async function download(remote: Remote, options: DownloadOptions, hops = 0): Promise<Readable> {
  const failed = (why: string, cause?: unknown) =>
    new UserError('fetch-failed', `${remote.url} could not be fetched: ${why}`, { cause, hint: 'is the address right, and the server up?' })
  if (hops > mostHops) throw failed(`it redirects more than ${mostHops} times`)
  const response = await ask(await reach(remote, options.allowed), options).catch((error: unknown) => {
    options.signal?.throwIfAborted()
    throw error instanceof UserError ? error : failed(messageOf(error), error)
  })
  const { statusCode = 0, statusMessage = '', headers } = response
  if (statusCode === 200) return response
  response.destroy()
  if (![301, 302, 303, 307, 308].includes(statusCode) || headers.location === undefined)
    throw failed(`${statusCode} ${statusMessage}`.trim())
  if (!URL.canParse(headers.location, remote.url)) throw failed('it redirects to nowhere')
  const next = parseRemote(new URL(headers.location, remote.url).href, remote.scheme === 'https' ? ['https'] : ['https', 'http'])
  // A password is for the host that it was given for.
  const same = next.host === remote.host && next.port === remote.port && next.credentials === undefined
  return await download(same && remote.credentials ? { ...next, credentials: remote.credentials } : next, options, hops + 1)
}

async function ask(remote: Reached, { credentials, signal }: DownloadOptions): Promise<http.IncomingMessage> {
  const { user, password } = remote.credentials ?? credentials(remote.host) ?? {}
  const request = (remote.scheme === 'https' ? https : http).get(remote.url, {
    // An encoding would be undone by nobody. Nothing is kept alive: the next name may have another address.
    headers: { 'accept-encoding': 'identity', 'user-agent': 'dokku' },
    agent: false,
    ...(user === undefined ? {} : { auth: `${user}:${password}` }),
    ...(signal === undefined ? {} : { signal }),
    lookup: (_host, { all }, answer) => {
      const family = isIPv6(remote.address) ? 6 : 4
      if (all) answer(null, [{ address: remote.address, family }])
      else answer(null, remote.address, family)
    },
  })
  request.setTimeout(silenceMs, () => request.destroy(new Error(`it said nothing for ${silenceMs / 1000} seconds`)))
  const [response] = (await once(request, 'response')) as [http.IncomingMessage]
  return response
}
