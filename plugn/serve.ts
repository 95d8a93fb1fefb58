import { createHash, timingSafeEqual } from 'node:crypto'
import type { Duplex } from 'node:stream'
import { protocol } from './remote.ts'
import { type Params, type Peer, RpcError, speak } from './rpc.ts'

/** One call of a hook, as a process that serves hooks gets it. */
export interface Served {
  readonly hook: string
  readonly args: readonly string[]
  readonly input: unknown
  readonly env: Readonly<Record<string, string>>
  readonly config: Readonly<Record<string, string>>
  /** Aborted when nobody waits for the answer any more. */
  readonly signal: AbortSignal
  /** The next bytes of standard input; undefined at its end. */
  read(): Promise<Buffer | undefined>
  /** Resolves once it has left, or nobody is there to take it: who waits for it keeps little in memory. */
  stdout(data: string | Uint8Array): Promise<void>
  stderr(data: string | Uint8Array): Promise<void>
}

/** Answers a hook with its exit status, and perhaps a value. */
export type Serve = (call: Served) => Promise<{ status: number; answer?: unknown }>

/** Longer outputs leave in several messages. */
const chunkBytes = 64 * 1024

export interface ServeOptions {
  /** Serves nobody who has another. */
  token?: string
  /** What the plugin calls itself; plugn takes no answers from one of another name. */
  name?: string
}

/** Serves hooks over a connection: the plugin's end. */
export function serveHooks(stream: Duplex, serve: Serve, { token, name }: ServeOptions = {}): Peer {
  const calls = new Map<number, { abort: AbortController; got: (data: Buffer | undefined) => void }>()
  let greeted = false

  const peer: Peer = speak(stream, {
    async request(method, params, id) {
      if (method === 'hello') {
        if (token !== undefined && !same(String(params.token ?? ''), token)) {
          // What is written first leaves first.
          setImmediate(() => peer.close())
          throw new RpcError(-32001, 'the token is not right')
        }
        greeted = true
        return { protocol, ...(name === undefined ? {} : { plugin: name }) }
      }
      if (method !== 'hook' || !greeted) throw new RpcError(-32601, `${method} is not known here`)
      return await one(params, id)
    },
    notified(method, { id, data, end }) {
      const call = calls.get(Number(id))
      if (method === 'cancel') call?.abort.abort()
      if (method === 'stdin') call?.got(end === true || typeof data !== 'string' ? undefined : Buffer.from(data, 'base64'))
    },
  })
  return peer

  async function one(params: Params, id: number): Promise<unknown> {
    const abort = new AbortController()
    const asked: ((data: Buffer | undefined) => void)[] = []
    calls.set(id, { abort, got: (data) => asked.shift()?.(data) })
    const write = (method: string) => async (data: string | Uint8Array) => {
      const bytes = Buffer.from(data as Uint8Array)
      for (let at = 0; at < bytes.length; at += chunkBytes)
        await peer.notify(method, { id, data: bytes.subarray(at, at + chunkBytes).toString('base64') })
    }
    try {
      return await serve({
        hook: String(params.hook),
        args: (params.args as string[] | undefined) ?? [],
        input: params.input,
        env: (params.env as Record<string, string> | undefined) ?? {},
        config: (params.config as Record<string, string> | undefined) ?? {},
        signal: abort.signal,
        stdout: write('stdout'),
        stderr: write('stderr'),
        read: () =>
          new Promise((resolve) => {
            asked.push(resolve)
            void peer.notify('read', { id })
          }),
      })
    } finally {
      calls.delete(id)
    }
  }
}

/** Takes the same time whatever is wrong with it. */
function same(given: string, wanted: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(given), digest(wanted))
}
