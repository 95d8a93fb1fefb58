import { setTimeout as sleep } from 'node:timers/promises'
import { messageOf, UserError } from '#lib/errors.ts'
import { type LogWish, siteLog } from './log-client.ts'
import { type Stats, stats } from './metrics.ts'
import type { ProbeOptions, ProbeTarget } from './probe.ts'
import { type Refused, refusedSites } from './refused.ts'
import type { Route } from './routes.ts'
import type { Upstream, WantedSite } from './site.ts'
import { ask, type Target } from './socket.ts'

/** The appliance as its users see it; every call fails with UserError where the appliance says why. */
export interface Appliance {
  /** Makes sites and routes exactly these; at most one reload, none when the sites are as they were. Answers what was refused: there, the last good version stays. */
  sync(state: { sites: readonly WantedSite[]; routes: Readonly<Record<string, Route>>; homes?: readonly string[] }): Promise<Refused[]>
  /**
   * Adds or replaces a site; UserError `site-refused` with nginx's words leaves everything as it was. What was added to it and
   * is refused is answered: the site has what was added last, or what of it passes.
   */
  putSite(site: WantedSite): Promise<Refused[]>
  /** What `putSite` would answer or throw; changes nothing. */
  checkSite(site: WantedSite): Promise<Refused[]>
  /** A site as nginx reads it, with the texts that were added to it. */
  configurationOf(name: string): Promise<string>
  /** Removes a site and its routes. */
  removeSite(name: string): Promise<void>
  /** Switches a route to these upstreams, without a reload unless TCP or UDP goes there; requests that run end where they are. */
  setRoutes(name: string, route: Route): Promise<void>
  /** Answers a certificate authority that asks any host for this token, for an hour at most. */
  setChallenge(token: string, answer: string): Promise<void>
  removeChallenge(token: string): Promise<void>
  /** Resolves once the target is ready; UserError `not-ready` says what was seen last. Aborting ends it at the appliance too. */
  probe(target: ProbeTarget, options: ProbeOptions, signal?: AbortSignal): Promise<void>
  /** Resolves once no request to the upstreams is in flight, or after `timeoutMs` with how many are; take them out of the routes first. */
  drain(upstreams: readonly Upstream[], options: { timeoutMs: number; signal?: AbortSignal }): Promise<{ open: number }>
  /** How a site did over the last minutes, 15 at most. */
  stats(name: string, minutes: number): Promise<Stats>
  /** The lines of a site's log: requests as JSON, or nginx's errors. */
  log(name: string, kind: 'access' | 'error', wish: LogWish): AsyncIterable<string>
  /** Throws when the appliance or its nginx does not answer. */
  health(): Promise<void>
}

/** How long a newer appliance may take to start. */
const takeoverMs = 30_000

/** A client of the appliance whose API listens on a unix socket, or over TCP with a token. */
export function appliance(target: Target): Appliance {
  const call = async (method: string, path: string, body?: unknown, signal?: AbortSignal, since = performance.now()): Promise<unknown> => {
    const answer = await ask(target, method, path, {
      type: 'application/json',
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal === undefined ? {} : { signal }),
    }).catch((error: unknown) => {
      signal?.throwIfAborted()
      throw new UserError('appliance-away', `the appliance does not answer: ${messageOf(error)}`, { cause: error })
    })
    const value: unknown = answer.text === '' ? undefined : JSON.parse(answer.text)
    if (answer.status < 300) return value
    const { code, message, hint } = failure(value, answer.status)
    if (code === 'appliance-replaced' && performance.now() - since < takeoverMs) {
      await sleep(50, undefined, signal === undefined ? {} : { signal })
      return await call(method, path, body, signal, since)
    }
    throw new UserError(code, message, hint === undefined ? {} : { hint })
  }
  const segment = encodeURIComponent
  return {
    sync: async (state) => refusedSites.parse(field(await call('PUT', '/state', state), 'refused')),
    putSite: async ({ name, ...rest }) => refusedSites.parse(field(await call('PUT', `/sites/${segment(name)}`, rest), 'refused')),
    checkSite: async ({ name, ...rest }) => refusedSites.parse(field(await call('POST', `/sites/${segment(name)}/check`, rest), 'refused')),
    configurationOf: async (name) => String(field(await call('GET', `/sites/${segment(name)}/configuration`), 'text')),
    removeSite: async (name) => void (await call('DELETE', `/sites/${segment(name)}`)),
    setRoutes: async (name, route) => void (await call('PUT', `/routes/${segment(name)}`, route)),
    setChallenge: async (token, answer) => void (await call('PUT', `/challenges/${segment(token)}`, { answer })),
    removeChallenge: async (token) => void (await call('DELETE', `/challenges/${segment(token)}`)),
    probe: async (target, options, signal) => void (await call('POST', '/probe', { target, options }, signal)),
    drain: async (upstreams, { timeoutMs, signal }) => {
      const answer = await call('POST', '/drain', { upstreams, timeoutMs }, signal)
      return { open: Number(field(answer, 'open')) }
    },
    stats: async (name, minutes) => stats.parse(await call('GET', `/sites/${segment(name)}/stats?minutes=${minutes}`)),
    log: (name, kind, wish) => siteLog(target, name, kind, wish),
    health: async () => void (await call('GET', '/health')),
  }
}

function failure(value: unknown, status: number): { code: string; message: string; hint: string | undefined } {
  const text = (name: string) => {
    const found = field(value, name)
    return typeof found === 'string' ? found : undefined
  }
  return { code: text('code') ?? 'appliance-failed', message: text('message') ?? `the appliance answered ${status}`, hint: text('hint') }
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Object.entries(value).find(([key]) => key === name)?.[1] : undefined
}
