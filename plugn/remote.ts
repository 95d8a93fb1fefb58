import type { Duplex, Readable, Writable } from 'node:stream'
import { messageOf, UserError } from '#lib/errors.ts'
import type { Call, Reply, Responder } from './responder.ts'
import { mostAtOnce, type Params, type Peer, type Serving, speak } from './rpc.ts'

/** The version of the protocol that both ends must speak. */
export const protocol = 1

/** When a stream that had enough takes more, or never will. */
const takes = ['drain', 'close', 'error'] as const

/** When a stream that had nothing has something, or never will. */
const wakes = ['readable', 'end', 'close', 'error'] as const

/** How long a greeting may take. */
const greetingMs = 10_000
/** Bytes of standard input in one message: with base64 it must fit a line. */
const longestChunk = 256 * 1024
/** How long a call may go on once nobody waits for it. */
const graceMs = 5_000

/** Takes what the other end says about calls that are under way. */
interface Underway {
  /** Answers the stream when that has enough for now. */
  output(stream: 'stdout' | 'stderr', data: Buffer): Writable | undefined
  read(): void
}

/** A connection to a process that handles hooks, after its greeting. */
export interface Remote {
  readonly peer: Peer
  readonly underway: Map<number, Underway>
}

/** Greets whoever is at the other end of a stream; UserError `plugin-protocol` when it is not a plugin that we understand. */
export async function greet(stream: Duplex, plugin: string, token?: string): Promise<Remote> {
  const underway = new Map<number, Underway>()
  const serving: Serving = {
    request: async (method) => {
      throw new Error(`${method} is nothing that a plugin may ask`)
    },
    notified(method, { id, data }) {
      const call = underway.get(Number(id))
      if (call === undefined) return
      if (method === 'read') call.read()
      else if ((method === 'stdout' || method === 'stderr') && typeof data === 'string')
        untilTaken(call.output(method, Buffer.from(data, 'base64')))
    },
  }
  const full = new Set<Writable>()
  /** Nothing more is read from a plugin while some of its output is not taken. */
  const untilTaken = (sink: Writable | undefined) => {
    if (sink === undefined || full.has(sink)) return
    full.add(sink)
    stream.pause()
    const taken = () => {
      for (const event of takes) sink.off(event, taken)
      full.delete(sink)
      if (full.size === 0) stream.resume()
    }
    for (const event of takes) sink.on(event, taken)
  }
  const peer = speak(stream, serving)
  const silent = setTimeout(() => peer.close(new Error(`no greeting within ${greetingMs / 1000} s`)), greetingMs)
  try {
    const answer = (await peer.request('hello', { protocol, plugin, ...(token === undefined ? {} : { token }) })) as Params | null
    if (answer?.protocol !== protocol) throw new Error(`it speaks version ${answer?.protocol}, not ${protocol}`)
    if ((answer.plugin ?? plugin) !== plugin) throw new Error(`it is ${JSON.stringify(answer.plugin).slice(0, 80)}`)
  } catch (error) {
    peer.close()
    throw new UserError('plugin-protocol', `the plugin ${plugin} does not speak the protocol of plugins: ${messageOf(error)}`, {
      cause: error,
    })
  } finally {
    clearTimeout(silent)
  }
  return { peer, underway }
}

/**
 * Handles hooks by a process that `connect` finds, and that may have to be found anew for each call. One that is closed is
 * ended by `stop` once it has no call under way: whoever waits for such a call may be whom closing would wait for.
 */
export function remoteHooks(
  plugin: string,
  hooks: readonly string[],
  config: Readonly<Record<string, string>>,
  connect: (signal: AbortSignal) => Promise<Remote>,
  stop: () => Promise<void>,
  envOf: (env: Call['env']) => Call['env'] = (env) => env,
): Responder & { close(): Promise<void> } {
  let calls = 0
  let closed = false
  return {
    plugin,
    handles: (hook) => hooks.includes(hook),

    async call(call: Call): Promise<Reply> {
      calls += 1
      try {
        return await ask(await connect(call.signal), { ...call, env: envOf(call.env) }, config)
      } catch (error) {
        if (error instanceof UserError) return { status: 1, error }
        return {
          status: 1,
          error: new UserError('plugin-gone', `the plugin ${plugin} went away at ${call.hook}: ${messageOf(error)}`, { cause: error }),
        }
      } finally {
        calls -= 1
        if (closed && calls === 0) void stop()
      }
    },

    async close() {
      closed = true
      if (calls === 0) await stop()
    },
  }
}

async function ask({ peer, underway }: Remote, call: Call, config: Readonly<Record<string, string>>): Promise<Reply> {
  let mine: number | undefined
  let grace: NodeJS.Timeout | undefined
  let reads = 0
  let turn: Promise<void> = Promise.resolve()
  const cancel = () => {
    if (mine !== undefined) void peer.notify('cancel', { id: mine })
    grace = setTimeout(() => peer.close(new Error('a cancelled call did not end')), graceMs).unref()
  }
  const params = {
    hook: call.hook,
    args: call.args,
    input: call.input ?? null,
    env: call.env,
    config,
    cwd: call.cwd,
    stdin: call.stdin !== undefined,
  }
  const source = call.stdin === 'inherit' ? process.stdin : call.stdin
  call.signal.addEventListener('abort', cancel)
  try {
    const answer = peer.request('hook', params, (id) => {
      mine = id
      underway.set(id, {
        output(stream, data) {
          const sink = call[stream] === 'inherit' ? process[stream] : call[stream]
          // What nobody will ever take is not waited for.
          return sink.write(data) || !sink.writable ? undefined : sink
        },
        read() {
          if (++reads > mostAtOnce) return peer.close(new Error('it asks for input and does not take it'))
          turn = turn.then(async () => {
            const data = await chunk(source)
            await peer.notify('stdin', data === undefined ? { id, end: true } : { id, data: data.toString('base64') })
            reads -= 1
          })
        },
      })
    })
    const result = (await answer) as { status?: unknown; answer?: unknown } | null
    const status = Number(result?.status)
    if (!Number.isInteger(status) || status < 0 || status > 255) throw new Error(`${JSON.stringify(result).slice(0, 80)} is no exit status`)
    return { status, ...(result?.answer == null ? {} : { answer: result.answer }) }
  } finally {
    call.signal.removeEventListener('abort', cancel)
    clearTimeout(grace)
    if (mine !== undefined) underway.delete(mine)
  }
}

/** The next bytes of a stream, when it has some; undefined at its end. */
async function chunk(from: Readable | undefined): Promise<Buffer | undefined> {
  if (from === undefined) return undefined
  for (;;) {
    if (from.readableEnded || from.destroyed) return undefined
    const data: Buffer | string | null = from.read()
    if (data !== null) {
      const bytes = Buffer.from(data)
      if (bytes.length > longestChunk) from.unshift(bytes.subarray(longestChunk))
      return bytes.subarray(0, longestChunk)
    }
    await new Promise<void>((resolve) => {
      const woken = () => {
        for (const event of wakes) from.off(event, woken)
        resolve()
      }
      for (const event of wakes) from.on(event, woken)
    })
  }
}
