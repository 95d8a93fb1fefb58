import { PassThrough, Readable, Writable } from 'node:stream'
import type { Around } from './dispatch.ts'
import type { Reply, Responder } from './responder.ts'

/**
 * Calls a hook as pluginhook did: what one handler prints is what the next one reads, and only the last one's output is the
 * caller's. One after another, or with `parallel` all at once; gives the exit status of the first that fails, and then no more is printed.
 */
export async function pipe(
  hook: string,
  args: readonly string[],
  handlers: readonly Responder[],
  around: Around,
  { parallel = false } = {},
): Promise<number> {
  return await (parallel ? atOnce : inTurn)(hook, args, handlers, around)
}

type Pipe = (hook: string, args: readonly string[], handlers: readonly Responder[], around: Around) => Promise<number>

const inTurn: Pipe = async (hook, args, handlers, around) => {
  let { stdin } = around
  for (const [at, handler] of handlers.entries()) {
    const printed: Buffer[] = []
    const stdout = at === handlers.length - 1 ? around.stdout : collecting(printed)
    const { status } = await handler.call({ ...around, hook, args, input: undefined, stdin, stdout })
    if (status !== 0) return status
    stdin = Readable.from(printed)
  }
  return 0
}

const atOnce: Pipe = async (hook, args, handlers, around) => {
  const between = handlers.slice(1).map(() => new PassThrough())
  const stop = new AbortController()
  const signal = AbortSignal.any([around.signal, stop.signal])
  let first = 0
  const run = async (handler: Responder, at: number): Promise<void> => {
    const stdin = between[at - 1] ?? around.stdin
    const stdout = between[at] ?? around.stdout
    const { status }: Reply = await handler.call({ ...around, hook, args, input: undefined, stdin, stdout, signal })
    between[at]?.end()
    // What nobody reads any more must not hold up whoever writes it.
    between[at - 1]?.resume()
    if (status === 0 || first !== 0) return
    first = status
    stop.abort()
  }
  await Promise.all(handlers.map(run))
  return first
}

function collecting(chunks: Buffer[]): Writable {
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      chunks.push(chunk)
      done()
    },
  })
}
