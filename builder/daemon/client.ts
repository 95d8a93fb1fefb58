import { type IncomingMessage, request } from 'node:http'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import * as z from 'zod'
import { hasCode, messageOf, UserError } from '#lib/errors.ts'
import { type Job, job, statusTrailer, type Wanted } from './jobs.ts'

const refusal = z.object({ code: z.string(), message: z.string(), hint: z.string().optional() })

/** A builder that serves at a unix socket. What it refuses is its own UserError; none there is UserError `builder-away`. */
export function client(socketPath: string) {
  const ask = async (method: string, path: string, body?: Readable): Promise<IncomingMessage> => {
    const answered = Promise.withResolvers<IncomingMessage>()
    // Kept alive, the connection outlasts an answer that comes before all of the body has gone out: else writing would fail first.
    const headers = { connection: 'keep-alive' }
    const sent = request({ socketPath, method, path, agent: false, headers }, answered.resolve)
    sent.on('error', answered.reject)
    // What it answers counts, though it may do so before it has read all.
    if (body === undefined) sent.end()
    else void pipeline(body, sent).catch(() => undefined)
    const answer = await answered.promise.catch((cause: unknown) => {
      if (!hasCode(cause, 'ENOENT', 'ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'EACCES')) throw cause
      throw new UserError('builder-away', `no builder answers at ${socketPath}: ${messageOf(cause)}`, { hint: 'builder serve', cause })
    })
    if ((answer.statusCode ?? 0) < 300) return answer
    const { code, message, hint } = refusal.parse(JSON.parse(await text(answer)))
    throw new UserError(code, message, hint === undefined ? {} : { hint })
  }
  return {
    async get(id: number): Promise<Job> {
      return job.parse(JSON.parse(await text(await ask('GET', `/jobs/${id}`))))
    },

    /** The oldest first. */
    async jobs(): Promise<Job[]> {
      return z.array(job).parse(JSON.parse(await text(await ask('GET', '/jobs'))))
    },

    /** Has a tar built, and passes on what is said of it; answers how it ended. */
    async build(wanted: Wanted, archive: Readable, write: (text: string) => void): Promise<Job['status']> {
      const answer = await ask('POST', `/jobs?${new URLSearchParams(wanted)}`, archive)
      await passOn(answer, write)
      return job.shape.status.parse(answer.trailers[statusTrailer])
    },

    /** Passes on what a job said, and with `follow` what it goes on to say until it ends. */
    async log(id: number, write: (text: string) => void, { follow }: { follow: boolean }): Promise<void> {
      await passOn(await ask('GET', `/jobs/${id}/log${follow ? '?follow=1' : ''}`), write)
    },

    /** Ends a job; answers it as it ended. */
    async cancel(id: number, by?: string): Promise<Job> {
      const query = by === undefined ? '' : `?${new URLSearchParams({ by })}`
      return job.parse(JSON.parse(await text(await ask('DELETE', `/jobs/${id}${query}`))))
    },
  }
}

async function passOn(answer: IncomingMessage, write: (text: string) => void): Promise<void> {
  answer.setEncoding('utf8')
  try {
    for await (const chunk of answer) write(String(chunk))
  } catch (cause) {
    throw new UserError('builder-away', 'the builder went away in the middle of it', { cause })
  }
}
