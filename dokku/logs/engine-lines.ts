import type { Readable } from 'node:stream'
import type { Container } from 'dockerode'
import { hasStatus } from '#lib/docker.ts'
import { demultiplexer } from './demultiplex.ts'
import type { LogLine } from './line.ts'

export interface EngineLinesWanted {
  /** How many of the last lines; without it all. */
  tail?: number | undefined
  /** A time as lines have it; lines of that very moment come too. */
  since?: string | undefined
  /** Goes on with what comes until the container ends. */
  follow?: boolean
  signal?: AbortSignal
}

/** How far a line goes that nothing ends: a program may write without ever ending one. */
const longestLine = 256 * 1024

/** The lines of a container as the engine has them, in its order. A container that is gone has none; what breaks off ends. */
export async function* engineLines(container: Container, wanted: EngineLinesWanted = {}): AsyncGenerator<LogLine> {
  const stream = await open(container, wanted).catch((error: unknown) => {
    if (hasStatus(error, 404, 409)) return undefined
    throw error
  })
  if (stream === undefined) return
  const stop = () => void stream.destroy()
  if (wanted.signal?.aborted) stop()
  wanted.signal?.addEventListener('abort', stop, { once: true })
  try {
    yield* linesOf(stream)
  } finally {
    wanted.signal?.removeEventListener('abort', stop)
    stop()
  }
}

async function open(container: Container, { tail, since, follow = false }: EngineLinesWanted): Promise<Readable> {
  const options = {
    stdout: true,
    stderr: true,
    timestamps: true,
    ...(tail === undefined ? {} : { tail }),
    ...(since && { since: seconds(since) }),
  }
  if (follow) return (await container.logs({ ...options, follow: true } as never)) as unknown as Readable
  // dockerode would hold all of it in memory.
  return await new Promise((resolve, reject) =>
    container.modem.dial(
      { path: `/containers/${container.id}/logs?`, method: 'GET', isStream: true, statusCodes, options },
      (error: unknown, stream: unknown) => (error === null ? resolve(stream as Readable) : reject(error)),
    ),
  )
}

const statusCodes = { 200: true, 404: 'no such container', 500: 'server error' }

/** Seconds since 1970 with nine digits, as the engine takes a moment. */
function seconds(time: string): string {
  const [, nanos = '0'] = /\.(\d+)Z$/.exec(time) ?? []
  return `${Math.floor(Date.parse(time) / 1000)}.${nanos.padEnd(9, '0')}`
}

/** Lines of what the engine sends: each begins with its time; a long one comes in pieces that each have one. */
export async function* linesOf(chunks: AsyncIterable<Buffer>): AsyncGenerator<LogLine> {
  const pieces = demultiplexer()
  const begun: Record<'stdout' | 'stderr', { message: Buffer[]; line: LogLine | undefined }> = {
    stdout: { message: [], line: undefined },
    stderr: { message: [], line: undefined },
  }
  try {
    for await (const chunk of chunks)
      for (const [stream, bytes, ends] of pieces(chunk)) {
        const of = begun[stream]
        of.message.push(bytes)
        if (!ends) continue
        const message = (of.message.length === 1 ? bytes : Buffer.concat(of.message)).toString('utf8')
        of.message = []
        const whole = message.endsWith('\n')
        const at = message.indexOf(' ')
        const text = message.slice(at + 1, whole ? -1 : undefined)
        of.line = of.line === undefined ? { time: message.slice(0, at), stream, text } : { ...of.line, text: of.line.text + text }
        if (!whole && of.line.text.length < longestLine) continue
        yield ended(of.line)
        of.line = undefined
      }
  } catch {
    // What was destroyed because nobody follows it, or broke off, ends here.
  }
  for (const { line } of Object.values(begun)) if (line !== undefined) yield ended(line)
}

function ended(line: LogLine): LogLine {
  return line.text.endsWith('\r') ? { ...line, text: line.text.slice(0, -1) } : line
}
