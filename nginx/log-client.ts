import { request } from 'node:http'
import { request as requestEncrypted } from 'node:https'
import { createInterface } from 'node:readline'
import { urlToHttpOptions } from 'node:url'
import { messageOf, UserError } from '#lib/errors.ts'
import type { Target } from './socket.ts'

/** Which lines of a log: the last ones, and those to come until the signal is aborted. */
export interface LogWish {
  readonly lines: number
  readonly follow?: boolean
  readonly signal?: AbortSignal
}

/** The lines of a site's log, as they come. UserError `appliance-away`. */
export async function* siteLog(target: Target, name: string, kind: 'access' | 'error', wish: LogWish): AsyncGenerator<string> {
  const { lines, follow = false, signal } = wish
  const path = `/sites/${encodeURIComponent(name)}/${kind}-log?lines=${lines}&follow=${follow}`
  const where = typeof target === 'string' ? { socketPath: target, path } : urlToHttpOptions(new URL(path, target.url))
  const send = typeof target !== 'string' && target.url.startsWith('https:') ? requestEncrypted : request
  const headers = typeof target === 'string' ? {} : { authorization: `Bearer ${target.token}` }
  const answered = Promise.withResolvers<import('node:http').IncomingMessage>()
  const sent = send({ ...where, agent: false, headers, ...(signal === undefined ? {} : { signal }) }, answered.resolve)
  sent.on('error', answered.reject)
  sent.end()
  try {
    const response = await answered.promise
    if (response.statusCode !== 200) throw new Error(`HTTP ${response.statusCode}`)
    for await (const line of createInterface({ input: response })) yield line
  } catch (error) {
    if (signal?.aborted) return
    throw new UserError('appliance-away', `the appliance does not show its logs: ${messageOf(error)}`, { cause: error })
  } finally {
    sent.destroy()
  }
}
