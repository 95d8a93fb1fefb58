import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import type { Container } from 'dockerode'
import { plain } from '#lib/output.ts'
import type { App } from './app.ts'
import { type Context, followed, when } from './context.ts'
import { demultiplexer } from './demultiplex.ts'

export interface LogsWanted {
  tail: number
  follow: boolean
}

/** A container, and what its lines are marked with, such as web.1. */
export interface LogSource {
  id: string
  dyno: string
}

/** Prints the containers' lines as `time app[web.1]: line`; with `follow`, goes on until the client leaves. */
export async function followLogs(app: App, containers: readonly LogSource[], wanted: LogsWanted, context: Context): Promise<void> {
  await Promise.all(containers.map((one) => printLogs(app, one, wanted, context)))
}

async function printLogs(app: App, { id, dyno }: LogSource, wanted: LogsWanted, context: Context): Promise<void> {
  const { stdout } = context.session
  const chunks = await read(app.instance.engine.getContainer(id), wanted, followed(context))
  for await (const line of createInterface({ input: Readable.from(written(chunks)) })) {
    const [, time = '', text = ''] = /^(\S+) ?(.*)$/.exec(line) ?? []
    context.output.line(context.quiet ? plain(text) : `${time} ${app.name}[${dyno}]: ${plain(text)}`)
    if (stdout.writableNeedDrain) await once(stdout, 'drain')
  }
}

async function read(container: Container, { tail, follow }: LogsWanted, signal: AbortSignal): Promise<AsyncIterable<Buffer> | Buffer[]> {
  const options = { stdout: true, stderr: true, timestamps: true, tail } as const
  if (!follow) return [await container.logs({ ...options, follow: false })]
  const stream = (await container.logs({ ...options, follow: true })) as Readable
  when(signal, () => stream.destroy())
  return stream
}

/** Both outputs as one, until the engine ends it or nobody follows any more. */
async function* written(chunks: AsyncIterable<Buffer> | Buffer[]): AsyncGenerator<Buffer> {
  const pieces = demultiplexer()
  try {
    for await (const chunk of chunks) for (const [, bytes] of pieces(chunk)) yield bytes
  } catch {
    // What was destroyed because nobody follows it, or broke off, ends here.
  }
}
