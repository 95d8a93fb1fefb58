import { createHash, X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { UserError } from '../errors.ts'
import type { Conversation } from './client.ts'
import { certificateRequest } from './csr.ts'
import { AcmeError, described, parsed, retryAfter, strange } from './problem.ts'
import type { Answer } from './transport.ts'

/** How to show an authority that a host is ours. What was put is removed, also when the order fails. */
export interface Solvers {
  /** The answer at http://HOST/.well-known/acme-challenge/TOKEN. */
  readonly http?: { put(token: string, answer: string, host: string): Promise<void>; remove(token: string, host: string): Promise<void> }
  /** A TXT record of this name. */
  readonly dns?: {
    put(name: string, value: string, host: string): Promise<void>
    remove(name: string, value: string, host: string): Promise<void>
  }
}

export interface Order {
  /** Host names, `*.` at the front allowed, and IP addresses. */
  readonly hosts: readonly string[]
  readonly solvers: Solvers
  /** One of the authority's profiles, such as `shortlived`. */
  readonly profile?: string | undefined
  /** The renewal id of the certificate that this one follows (RFC 9773, 5). */
  readonly replaces?: string | undefined
  readonly signal?: AbortSignal | undefined
}

const identifier = z.object({ type: z.string(), value: z.string() })
const status = z.string()
const orderBody = z.object({
  status,
  authorizations: z.array(z.url()).max(1000),
  finalize: z.url(),
  certificate: z.url().optional(),
  error: z.unknown().optional(),
})
const challenge = z.object({
  type: z.string(),
  url: z.url(),
  status,
  token: z
    .string()
    .regex(/^[\w-]{1,200}$/)
    .optional(),
  error: z.unknown().optional(),
})
const authorization = z.object({
  status,
  identifier,
  wildcard: z.boolean().optional(),
  challenges: z.array(challenge.catch({ type: '', url: 'about:blank', status: '' })),
})

type Authorization = z.infer<typeof authorization>

/** How long an order may take in all; authorities look from several places and may be slow. */
const patienceMs = 300_000

/** Gets a certificate for hosts: proves them, asks, waits. The chain is in PEM, its leaf first; so is the fresh key. */
export async function obtain(talk: Conversation, order: Order): Promise<{ chain: string; key: string }> {
  const limit = AbortSignal.timeout(patienceMs)
  const signal = order.signal === undefined ? limit : AbortSignal.any([order.signal, limit])
  try {
    return await fulfil(talk, order, signal)
  } catch (error) {
    order.signal?.throwIfAborted()
    if (limit.aborted)
      throw new UserError('acme-away', `the certificate authority was not done within ${patienceMs / 60_000} minutes`, { cause: error })
    throw error
  }
}

async function fulfil(talk: Conversation, { hosts, solvers, profile, replaces }: Order, signal: AbortSignal) {
  const wanted = {
    identifiers: hosts.map((value) => ({ type: isIP(value) === 0 ? 'dns' : 'ip', value })),
    ...(profile === undefined ? {} : { profile }),
  }
  const placed = await talk
    .post(talk.urls.newOrder, { ...wanted, ...(replaces === undefined ? {} : { replaces }) })
    .catch((error: unknown) => {
      // Whoever renewed it before, or an authority that forgot it: the order is good without it.
      if (replaces === undefined || !(error instanceof AcmeError) || error.type === 'rateLimited') throw error
      return talk.post(talk.urls.newOrder, wanted)
    })
  const { location } = placed.headers
  if (location === undefined || !URL.canParse(location)) throw strange('an order without a URL')
  const first = bodyOf(orderBody, placed, 'an order')
  for (const url of first.authorizations) await authorize(talk, url, solvers, signal)
  const { key, csr } = await certificateRequest(hosts)
  const ready = await until(talk, location, orderBody, 'an order', ['ready', 'valid'], signal)
  if (ready.status === 'ready') await talk.post(first.finalize, { csr: csr.toString('base64url') })
  const done = await until(talk, location, orderBody, 'an order', ['valid'], signal)
  if (done.certificate === undefined) throw strange('an order that is done without a certificate')
  const chain = (await talk.post(done.certificate, '')).text
  check(chain, hosts)
  return { chain, key }
}

async function authorize(talk: Conversation, url: string, solvers: Solvers, signal: AbortSignal): Promise<void> {
  const asked = bodyOf(authorization, await talk.post(url, ''), 'an authorization')
  if (asked.status === 'valid') return
  const host = asked.wildcard === true ? `*.${asked.identifier.value}` : asked.identifier.value
  const chosen = choose(asked, solvers, host)
  const answer = talk.answer(chosen.token)
  const name = `_acme-challenge.${asked.identifier.value}`
  const value = createHash('sha256').update(answer).digest('base64url')
  const http = chosen.type === 'http-01' ? solvers.http : undefined
  try {
    await (http === undefined ? solvers.dns?.put(name, value, host) : http.put(chosen.token, answer, host))
    await talk.post(chosen.url, {})
    await until(talk, url, authorization, 'an authorization', ['valid'], signal, host)
  } finally {
    // Nobody looks for it any more: what goes wrong here harms nothing.
    await (http === undefined ? solvers.dns?.remove(name, value, host) : http.remove(chosen.token, host))?.catch(() => undefined)
  }
}

function choose({ challenges }: Authorization, { http, dns }: Solvers, host: string): { type: string; url: string; token: string } {
  const types = [...(http === undefined || host.startsWith('*.') ? [] : ['http-01']), ...(dns === undefined ? [] : ['dns-01'])]
  for (const type of types) {
    const found = challenges.find((one) => one.type === type)
    if (found?.token !== undefined) return { type, url: found.url, token: found.token }
  }
  throw new UserError('acme-unprovable', `${host} cannot be proven to be ours`, {
    hint: host.startsWith('*.')
      ? 'a wildcard needs a provider for DNS'
      : `the certificate authority offers ${challenges.map(({ type }) => type).join(', ')}`,
  })
}

/** Asks until something has one of these states; one that cannot get there is an error in the authority's words. */
async function until<T extends { status: string }>(
  talk: Conversation,
  url: string,
  schema: z.ZodType<T>,
  what: string,
  states: readonly string[],
  signal: AbortSignal,
  host = '',
): Promise<T> {
  for (let pauseMs = 100; ; pauseMs = Math.min(pauseMs * 1.5, 5000)) {
    signal.throwIfAborted()
    const answer = await talk.post(url, '')
    const body = bodyOf(schema, answer, what)
    if (states.includes(body.status)) return body
    if (!['pending', 'processing', 'ready'].includes(body.status)) throw failure(body, what, host)
    const asked = (retryAfter(answer)?.getTime() ?? 0) - Date.now()
    await sleep(Math.min(Math.max(pauseMs, asked), 30_000), undefined, { signal })
  }
}

function failure(body: { status: string }, what: string, host: string): Error {
  const own = z.object({ error: z.unknown() }).safeParse(body).data?.error
  const challenges = z.object({ challenges: z.array(z.object({ error: z.unknown().optional() })) }).safeParse(body).data?.challenges ?? []
  const error = described(own ?? challenges.find((one) => one.error !== undefined)?.error, `${what} is ${body.status}`)
  return host === '' ? error : new AcmeError('acme-refused', `${host}: ${error.message}`, error.type, undefined, host)
}

function bodyOf<T>(schema: z.ZodType<T>, answer: Answer, what: string): T {
  const found = schema.safeParse(parsed(answer.text))
  if (found.success) return found.data
  throw strange(`${what} that cannot be read`)
}

/** What came must be a chain for what was asked. */
function check(chain: string, hosts: readonly string[]): void {
  try {
    const leaf = new X509Certificate(chain)
    const names = [...(leaf.subjectAltName ?? '').matchAll(/(?:DNS|IP Address):([^,\s]+)/g)].map(([, name = '']) => name.toLowerCase())
    if (hosts.every((host) => names.includes(host) || isIP(host) !== 0)) return
  } catch {
    throw strange('a certificate that cannot be read')
  }
  throw strange('a certificate for other names')
}
