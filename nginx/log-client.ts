import type { IncomingMessage } from 'node:http'
import { createInterface } from 'node:readline'
import { messageOf, UserError } from '#lib/errors.ts'
import { send, type Target } from './socket.ts'

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
  const answered = Promise.withResolvers<IncomingMessage>()
  const sent = send(target, 'GET', path, signal === undefined ? {} : { signal }, answered.resolve)
  sent.on('error', answered.reject)
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
