import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { hasCode, messageOf, UserError } from '#lib/errors.ts'
import { upstream } from './site.ts'

const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/

/** What is asked: a TCP connect, or with a path an HTTP GET that must answer 200 to 399. */
export const probeTarget = upstream.extend({
  path: z.string().startsWith('/').max(8192).exactOptional(),
  host: z.string().max(255).exactOptional(),
  /** Must occur in the first MiB of the body. */
  content: z.string().exactOptional(),
  headers: z.record(z.string().regex(token), z.string()).exactOptional(),
  scheme: z.enum(['http', 'https']).exactOptional(),
})

/** When to ask: at once (or after `initialDelayMs`), then every `intervalMs` growing to 100 ms, until `timeoutMs` or `attempts` are used up. */
export const probeOptions = z.strictObject({
  timeoutMs: z.int().min(1),
  attempts: z.int().min(1).exactOptional(),
  intervalMs: z.int().min(25).max(100).exactOptional(),
  initialDelayMs: z.int().min(0).exactOptional(),
  /** How long one attempt may take, 5 seconds by default: an app that accepts and never answers is asked again. */
  attemptTimeoutMs: z.int().min(1).exactOptional(),
})

export type ProbeTarget = z.infer<typeof probeTarget>
export type ProbeOptions = z.infer<typeof probeOptions>

const slowest = 100
const growth = 1.2
const bodyLimit = 2 ** 20

/** Resolves once the target is ready; throws UserError `not-ready` with what was seen last. */
export async function probe(target: ProbeTarget, options: ProbeOptions, signal?: AbortSignal): Promise<void> {
  const deadline = performance.now() + (options.initialDelayMs ?? 0) + options.timeoutMs
  const pause = (ms: number) => sleep(ms, undefined, signal ? { signal } : {})
  if (options.initialDelayMs) await pause(options.initialDelayMs)
  let interval = options.intervalMs ?? 25
  for (let attempt = 1; ; attempt++) {
    const allowed = Math.min(options.attemptTimeoutMs ?? 5000, deadline - performance.now())
    const seen = await one(target, Math.max(allowed, 1), signal)
    if (seen === undefined) return
    signal?.throwIfAborted()
    const spent = attempt >= (options.attempts ?? Number.POSITIVE_INFINITY)
    if (spent || performance.now() + interval >= deadline)
      throw new UserError('not-ready', `${describe(target)}: ${seen}`, {
        hint: spent ? `asked ${attempt} times` : `waited ${(options.timeoutMs / 1000).toLocaleString('en')} s`,
      })
    await pause(interval)
    interval = Math.min(interval * growth, slowest)
  }
}

function describe({ scheme = 'http', address, port, path }: ProbeTarget): string {
  const authority = `${address.includes(':') ? `[${address}]` : address}:${port}`
  return path === undefined ? authority : `GET ${scheme}://${authority}${path}`
}

/** One attempt: undefined when ready, else what was seen, for people. */
async function one(target: ProbeTarget, timeoutMs: number, signal?: AbortSignal): Promise<string | undefined> {
  const limit = AbortSignal.timeout(Math.ceil(timeoutMs))
  const either = signal === undefined ? limit : AbortSignal.any([signal, limit])
  try {
    return target.path === undefined ? await dial(target, either) : await get(target, target.path, either)
  } catch (error) {
    if (limit.aborted) return `no answer within ${Math.ceil(timeoutMs)} ms`
    return failure(error)
  }
}

function failure(error: unknown): string {
  if (hasCode(error, 'ECONNREFUSED')) return 'connection refused'
  if (hasCode(error, 'ECONNRESET')) return 'connection closed before an answer'
  if (hasCode(error, 'EHOSTUNREACH', 'ENETUNREACH')) return 'no such address on the network'
  return messageOf(error)
}

function dial({ address, port }: ProbeTarget, signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: address, port, signal })
    socket.on('connect', () => {
      socket.destroy()
      resolve(undefined)
    })
    socket.on('error', reject)
  })
}

function get(target: ProbeTarget, path: string, signal: AbortSignal): Promise<string | undefined> {
  const { address, port, scheme, host, headers, content } = target
  return new Promise((resolve, reject) => {
    const options = {
      host: address,
      port,
      path,
      signal,
      agent: false,
      headers: { ...headers, ...(host === undefined ? {} : { host }), connection: 'close' },
    }
    // The certificate of an app behind the appliance is nobody's business: the address is what is trusted.
    const asked = scheme === 'https' ? httpsRequest({ ...options, rejectUnauthorized: false }) : httpRequest(options)
    asked.on('error', reject)
    asked.on('response', (response) => {
      const status = response.statusCode ?? 0
      const done = (seen: string | undefined) => {
        resolve(seen)
        asked.destroy()
      }
      response.on('error', reject)
      if (status < 200 || status > 399) return done(`HTTP ${status}`)
      if (content === undefined) return done(undefined)
      let body = Buffer.alloc(0)
      response.on('data', (chunk: Buffer) => {
        body = Buffer.concat([body, chunk])
        if (body.includes(content)) done(undefined)
        else if (body.length > bodyLimit) done(missing(status, content))
      })
      response.on('end', () => done(missing(status, content)))
    })
    asked.end()
  })
}

function missing(status: number, content: string): string {
  return `HTTP ${status}, but its body does not contain ${JSON.stringify(content)}`
}
