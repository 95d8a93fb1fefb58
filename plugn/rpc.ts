import type { Duplex } from 'node:stream'
import { messageOf } from '#lib/errors.ts'

/** The longest line that is taken, in bytes; who sends a longer one does not speak the protocol. */
export const longestLine = 1024 * 1024

/** How many requests of the other end may be without an answer that it has taken. */
export const mostAtOnce = 1000

/** What the other end asks of this one. */
export interface Serving {
  /** Answers a request; what it throws is the other end's error. */
  request(method: string, params: Params, id: number): Promise<unknown>
  notified(method: string, params: Params): void
}

export type Params = Readonly<Record<string, unknown>>

/** One end of a connection that speaks JSON-RPC 2.0, a message per line. */
export interface Peer {
  /** Asks; `id` is given to `begun` before the answer comes. Throws RpcError for the other end's errors, and when the connection ends first. */
  request(method: string, params: Params, begun?: (id: number) => void): Promise<unknown>
  /** Tells; resolves once the other end takes more, or is gone. */
  notify(method: string, params: Params): Promise<void>
  /** Resolves, with the reason if there is one, once nothing more can come. */
  readonly closed: Promise<Error | undefined>
  close(reason?: Error): void
}

/** The other end said that it could not, or is gone. */
export class RpcError extends Error {
  readonly code: number

  constructor(code: number, message: string) {
    super(message)
    this.code = code
  }
}

/** The connection is over. */
export const gone = -32000

/** Speaks over a stream until one of the ends closes it. */
export function speak(stream: Duplex, serving: Serving): Peer {
  const waiting = new Map<number, PromiseWithResolvers<unknown>>()
  const closed = Promise.withResolvers<Error | undefined>()
  let next = 0
  let answering = 0
  /** A line that has begun, in the pieces in which it came. */
  let begun: Buffer[] = []
  let held = 0
  let drained: Promise<void> | undefined

  const send = (message: object): Promise<void> => {
    if (stream.destroyed || stream.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`)) return Promise.resolve()
    drained ??= new Promise<void>((resolve) => {
      stream.once('drain', resolve)
      void closed.promise.then(() => resolve())
    }).finally(() => {
      drained = undefined
    })
    return drained
  }
  const close = (reason?: Error): void => {
    stream.destroy()
    for (const { reject } of waiting.values()) reject(new RpcError(gone, reason?.message ?? 'the connection ended'))
    waiting.clear()
    closed.resolve(reason)
  }

  stream.on('data', (chunk: Buffer) => {
    for (let at = 0; at < chunk.length && !stream.destroyed; ) {
      const end = chunk.indexOf(10, at)
      const piece = chunk.subarray(at, end < 0 ? chunk.length : end)
      held += piece.length
      if (held > longestLine) return close(new Error(`a line of more than ${longestLine} bytes`))
      begun.push(piece)
      if (end < 0) return
      const line = Buffer.concat(begun).toString()
      begun = []
      held = 0
      at = end + 1
      if (line.trim() !== '') take(line)
    }
  })
  stream.on('error', close)
  stream.on('close', () => close())
  stream.on('end', () => close())

  function take(line: string): void {
    const message = parse(line)
    if (message === undefined) {
      close(new Error(`no message of the protocol: ${line.slice(0, 80)}`))
      return
    }
    const { id, method, params = {}, result, error } = message
    if (method !== undefined) {
      if (id === undefined) serving.notified(method, params)
      else answer(id, method, params)
      return
    }
    // An answer to nothing, or a second one, changes nothing.
    const asked = id === undefined ? undefined : waiting.get(id)
    if (asked === undefined || id === undefined) return
    waiting.delete(id)
    if (error === undefined) asked.resolve(result)
    else asked.reject(new RpcError(error.code, error.message))
  }

  function answer(id: number, method: string, params: Params): void {
    // Who asks and does not take the answers would fill our memory with them.
    if (++answering > mostAtOnce) {
      close(new Error(`more than ${mostAtOnce} requests at once`))
      return
    }
    serving
      .request(method, params, id)
      .then((answer) => send({ id, result: answer ?? null }))
      .catch((failure: unknown) =>
        send({ id, error: { code: failure instanceof RpcError ? failure.code : -32603, message: messageOf(failure) } }),
      )
      .finally(() => {
        answering -= 1
      })
  }

  return {
    closed: closed.promise,
    close,
    notify: (method, params) => send({ method, params }),
    request(method, params, begun) {
      const id = ++next
      const answer = Promise.withResolvers<unknown>()
      if (stream.destroyed) return Promise.reject(new RpcError(gone, 'the connection ended'))
      waiting.set(id, answer)
      begun?.(id)
      void send({ id, method, params })
      return answer.promise
    },
  }
}

interface Message {
  id?: number
  method?: string
  params?: Params
  result?: unknown
  error?: { code: number; message: string }
}

/** A message of the right shape, or undefined. */
function parse(line: string): Message | undefined {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    return undefined
  }
  if (!isObject(value) || value.jsonrpc !== '2.0') return undefined
  const { id, method, params, error } = value
  const fits =
    (id === undefined || Number.isSafeInteger(id)) &&
    (method === undefined || typeof method === 'string') &&
    (params === undefined || isObject(params)) &&
    (error === undefined || (isObject(error) && typeof error.code === 'number' && typeof error.message === 'string'))
  return fits ? (value as Message) : undefined
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
